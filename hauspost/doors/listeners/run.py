"""The process that takes mail in: SMTP, LMTP, mailboxes and watched folders, until it is told to stop."""

import asyncio
import logging
import signal
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.db import connections

from hauspost.doors.listeners import _arrival, lmtp, smtp
from hauspost.doors.listeners._house import House
from hauspost.doors.listeners._journal import Journal
from hauspost.doors.listeners._recipients import Recipients
from hauspost.doors.listeners.folder import Watch
from hauspost.doors.listeners.imap import Fetchers
from hauspost.duties.intake.actions import is_ours, keep
from hauspost.ground.config import Config, ConfigFault
from hauspost.ground.logs import speak_as
from hauspost.ground.vitals.actions import Pulse

log = logging.getLogger("hauspost.listeners")

# So long may a mail that is on its way take to finish when we close.
FAREWELL_SECONDS = 20.0


def run(config: Config) -> None:
    """Take mail in until SIGTERM or Ctrl-C; mails on their way are finished first. Raises ConfigFault, OSError."""
    speak_as("listen")
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    _arrival.sweep(config.spool)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    house = _house(config)
    watch = Watch(
        config.folder_watch,
        keep=keep,
        is_ours=is_ours,
        limit_bytes=config.mail_size_limit,
        after_failure=connections.close_all,
    )
    fetchers = Fetchers(keep)
    doors = await open_doors(config, house)
    watch.start()
    fetchers.start()
    beating = asyncio.create_task(_show_life())
    await stop.wait()
    beating.cancel()
    await asyncio.gather(asyncio.to_thread(watch.stop), asyncio.to_thread(fetchers.stop))
    await close(doors, house)


async def _show_life() -> None:
    """As long as conversations go on: a loop that hangs shows none."""
    pulse, loop = Pulse("listen"), asyncio.get_running_loop()
    # One thread of its own: each that asks the database has a connection.
    with ThreadPoolExecutor(max_workers=1) as room:
        try:
            while True:
                await loop.run_in_executor(room, pulse.beat)
                await asyncio.sleep(1)
        finally:
            room.submit(pulse.end)
            room.submit(connections.close_all)


async def open_doors(config: Config, house: House) -> list[asyncio.Server]:
    """Open what the settings ask for. An address that cannot be had is a ConfigFault with its setting's name."""
    doors = []
    for name, listen in (("smtp_listen", smtp.listen), ("lmtp_listen", lmtp.listen)):
        address = getattr(config, name)
        if not address:
            continue
        own = house if name == "smtp_listen" else house.for_lmtp()
        try:
            doors.append(await listen(own, address))
        except OSError as fault:
            allowed = f"an address that is free on this machine ({fault.strerror or fault})"
            raise ConfigFault(name, address, allowed) from None
        log.info("%s listens at %s.", name.partition("_")[0].upper(), address)
    return doors


async def close(doors: list[asyncio.Server], house: House) -> None:
    """Let nobody in any more, let mails in progress finish, say 421 to the others."""
    for door in doors:
        door.close()
    for guest in list(house.guests):
        guest.leave()
    try:
        async with asyncio.timeout(FAREWELL_SECONDS):
            await house.all_gone()
    except TimeoutError:
        log.warning("%d conversations did not end in time; their senders keep their mails.", len(house.guests))
    house.recipients.close()
    await asyncio.to_thread(house.journal.close)


def _house(config: Config) -> House:
    domains = frozenset({config.mail_domain, config.public_host, *config.company_domains})
    return House(
        journal=Journal(keep, after_failure=connections.close_all),
        recipients=Recipients(is_ours, domains=domains, after_failure=connections.close_all),
        spool=config.spool,
        hostname=config.mail_domain,
        size_limit=config.mail_size_limit,
        connections_limit=config.connections_limit,
        idle_seconds=config.idle_seconds,
        allow_from=config.listen_allow_from,
        trusted_relays=config.trusted_relays,
        tls=_tls(config),
    )


def _tls(config: Config) -> ssl.SSLContext | None:
    if not config.smtp_tls_cert:
        return None
    try:
        return smtp.tls_context(config.smtp_tls_cert, config.smtp_tls_key)
    except (ssl.SSLError, OSError) as fault:
        found = f"{Path(config.smtp_tls_cert).name} and {Path(config.smtp_tls_key).name}"
        raise ConfigFault("smtp_tls_cert", found, f"a certificate and its key in PEM ({fault})") from None
