"""`hauspost doctor`: looks at everything a desk needs, and names each fault with its fix (P17.5)."""

import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import click

from hauspost.doors.cli import _doctor_mail, _places
from hauspost.doors.cli._finding import Finding
from hauspost.ground.config import FILE_NAME, Config, ConfigFault, load, split_listen

# Below this the next big mails may not fit.
_LEAST_FREE_BYTES = 1_000_000_000
_LONGEST_SILENCE_SECONDS = 60
_PATIENCE_SECONDS = 5


@click.command()
@click.pass_obj
def doctor(folder: Path) -> int:
    """Check settings, folders, database, worker and mail; name each fault and its fix. Exit status 1 with a fault."""
    faults = 0
    for finding in examine(folder):
        faults += bool(finding.fix)
        word = "FAULT" if finding.fix else "note" if finding.advice else "ok"
        click.echo(f"{word:<6} {finding.thing}: {finding.words}")
        if finding.fix or finding.advice:
            click.echo(f"       → {finding.fix or finding.advice}")
    click.echo(f"{faults} faults." if faults else "All is well.")
    return int(bool(faults))


def examine(folder: Path) -> Iterator[Finding]:
    """Everything in order; what cannot be looked at because of an earlier fault is left out."""
    if _places.is_new(folder):
        yield Finding("folder", f"there is no Hauspost in {folder}", "run `hauspost up` there, or name one: --folder")
        return
    try:
        config = load(folder)
    except ConfigFault as fault:
        yield Finding("settings", str(fault), f"correct {fault.name} in {fault.where}")
        return
    there = (folder / FILE_NAME).exists()
    yield Finding("settings", f"{folder / FILE_NAME} is right" if there else "no file; the usual values hold")
    for look in (_data_folder, _disk, _public_url, _time_zone, _proxy, _log, _metrics, _watched):
        yield from look(config)
    yield from _inside_django(folder, config)
    yield from _outgoing(config, may_be_unset=_doctor_mail.all_send_by_accounts())


def _data_folder(config: Config) -> Iterator[Finding]:
    try:
        _places.make_data_folders(config)
    except ConfigFault as fault:
        yield Finding("data folder", str(fault), f"give this user the folder: chown -R $USER {config.data}")
        return
    mode = config.data.stat().st_mode & 0o777
    if mode & 0o077:
        fix = f"chmod 700 {config.data}"
        yield Finding("data folder", f"others on this machine may read {config.data} (mode {mode:o})", fix)
    else:
        yield Finding("data folder", f"{config.data} is ours alone")
    try:
        _places.refuse_network_file_system(config)
    except ConfigFault as fault:
        yield Finding("file system", str(fault), "move data to a local disk, or set database_url to PostgreSQL")


def _disk(config: Config) -> Iterator[Finding]:
    import shutil

    free_bytes = shutil.disk_usage(config.data).free
    words = f"{free_bytes / 1e9:.1f} GB free where data lies"
    short = free_bytes < max(_LEAST_FREE_BYTES, 4 * config.mail_size_limit)
    yield Finding("disk", words, "make room, or move data to a larger disk" if short else "")


def _public_url(config: Config) -> Iterator[Finding]:
    host = config.public_host
    try:
        socket.getaddrinfo(host, None)
    except OSError as fault:
        yield Finding("public_url", f"{host} is not known here ({fault})", "add it to DNS, or correct public_url")
        return
    local = host in ("127.0.0.1", "localhost", "::1")
    words = f"{config.public_url}" + (" (this machine only)" if local else "")
    if not config.is_https and not local:
        yield Finding("public_url", f"{words} goes over the network in clear", "put a proxy with https before it")
    else:
        yield Finding("public_url", words)


def _time_zone(config: Config) -> Iterator[Finding]:
    from zoneinfo import ZoneInfo

    yield Finding("time zone", f"{config.time_zone}, where it is {datetime.now(ZoneInfo(config.time_zone)):%H:%M}")


def _proxy(config: Config) -> Iterator[Finding]:
    if config.is_https and not config.trusted_proxies:
        fix = 'name the proxy: trusted_proxies = ["127.0.0.1/32"]'
        yield Finding("proxy", "public_url is https, but no proxy is trusted, so sign-in would be refused", fix)


def _log(config: Config) -> Iterator[Finding]:
    yield Finding("log", f"lines of {'JSON' if config.log_format == 'json' else 'text'}, without personal text")


def _metrics(config: Config) -> Iterator[Finding]:
    everybody = any(network.prefixlen == 0 for network in config.metrics_allow_from)
    shown = ", ".join(str(network) for network in config.metrics_allow_from) or "nobody"
    fix = "name only the machine that collects them in metrics_allow_from" if everybody else ""
    yield Finding("metrics", f"may be read by {'everybody' if everybody else shown}", fix)


def _public_address(config: Config) -> Iterator[Finding]:
    from hauspost.doors.cli import _public_address
    from hauspost.doors.health.echo import new_question

    if config.is_https and not config.trusted_proxies:
        # Told already.
        return
    yield Finding("proxy" if config.is_https else "pages", *_public_address.asked(config, new_question()))


def _watched(config: Config) -> Iterator[Finding]:
    for path in config.folder_watch:
        fix = "" if path.exists() else "make it, or take it out of folder_watch"
        yield Finding("folder_watch", f"{path} {'is there' if not fix else 'does not exist'}", fix)


def _inside_django(folder: Path, config: Config) -> Iterator[Finding]:
    from hauspost.doors.cli import _django

    try:
        _django.set_up(folder)
        _django.speak_english()
        is_new = _django.is_database_new()
        pending = _django.pending_migrations()
    except Exception as fault:
        fix = "start the database server, or correct database_url; for PostgreSQL: pip install 'hauspost[postgres]'"
        yield Finding("database", f"cannot be used: {str(fault).strip()}", fix)
        return
    yield Finding("database", _database_words())
    if pending:
        words = "has not been set up" if is_new else f"{len(pending)} migrations are pending"
        yield Finding("migrations", words, "run: hauspost migrate" if is_new else "run: hauspost upgrade")
        return
    if unknown := _django.unknown_migrations():
        fix = "install the newer version again, or restore the backup made before the upgrade"
        yield Finding("migrations", f"the database is newer than this program: it has {unknown[0]}", fix)
        return
    yield Finding("migrations", "none pending")
    for look in (_triggers, _keys, _public_address, _worker, _administrator, _intake, *_MAIL, _backups):
        yield from _safely(look, config)


_MAIL = (_doctor_mail.mail_servers, _doctor_mail.plus_addresses)


def _safely(look: Callable[[Config], Iterator[Finding]], config: Config) -> Iterator[Finding]:
    """One look that fails must not hide the others."""
    try:
        yield from look(config)
    except Exception as fault:
        yield Finding(look.__name__.strip("_"), f"could not be looked at: {fault}", "see the log, and report it")


def _database_words() -> str:
    from django.db import connection

    if connection.vendor == "sqlite":
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version} answers"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]} answers"


def _triggers(config: Config) -> Iterator[Finding]:
    from hauspost.ground.search import actions

    missing = actions.missing_ddl()
    words = f"{', '.join(missing)} missing" if missing else "index and triggers are there"
    yield Finding("search", words, "run: hauspost search rebuild" if missing else "")


def _keys(config: Config) -> Iterator[Finding]:
    from hauspost.ground import tokens

    tokens.ring()
    path = config.data / "keys.json"
    mode = path.stat().st_mode & 0o777
    fix = f"chmod 600 {path}" if mode & 0o077 else ""
    yield Finding(
        "key ring", f"{path.name} is there" + (f", but others may read it (mode {mode:o})" if fix else ""), fix
    )


def _worker(config: Config) -> Iterator[Finding]:
    from hauspost.ground.vitals import reading as vitals

    silence = vitals.silence_of("work")
    seconds = 0 if silence is None else silence.total_seconds()
    if silence is None:
        yield Finding("worker", "none runs, on this machine or another", "start Hauspost: hauspost up")
    elif seconds > _LONGEST_SILENCE_SECONDS:
        fix = "look at its log; stop and start Hauspost"
        yield Finding("worker", f"showed no life for {seconds:.0f} seconds", fix)
    else:
        yield Finding("worker", f"showed life {seconds:.0f} seconds ago ({vitals.running()['work']} run)")


def _administrator(config: Config) -> Iterator[Finding]:
    from hauspost.records.people.models import Person

    there = Person.objects.active().filter(is_administrator=True).exists()
    fix = "" if there else "run: hauspost user link, and open the link it prints"
    yield Finding("administrator", "there is one" if there else "there is none yet", fix)


def _intake(config: Config) -> Iterator[Finding]:
    from hauspost.duties.intake.ledger import waiting_aside
    from hauspost.records.people.actions import our_addresses
    from hauspost.records.people.actor import SYSTEM

    addresses = sorted(our_addresses())
    fix = "" if addresses else "sign in as administrator and add one to a team"
    shown = ", ".join(addresses[:5]) + (" …" if len(addresses) > 5 else "")
    yield Finding("intake addresses", shown or "none, so no mail is taken", fix)
    aside = waiting_aside(SYSTEM)
    # Waiting mails are somebody's work, not a fault of the installation.
    yield Finding("quarantine", f"{aside} mails wait there; the page Quarantine shows them" if aside else "empty")
    for name in ("smtp_listen", "lmtp_listen"):
        listen = getattr(config, name)
        if listen and not listen.startswith("unix:"):
            yield _door(name, listen)


def _backups(config: Config) -> Iterator[Finding]:
    from hauspost.duties.keeping import watching
    from hauspost.ground import clock

    state = watching.look(clock.now())
    if not state.is_on and not state.alarm:
        off = "a demo makes none" if config.demo else "none are made: backup_folder or backup_at is empty"
        yield Finding("backups", off)
        return
    fix = "look at the fault; then run: hauspost backup" if state.alarm else ""
    if state.alarm:
        yield Finding("backups", f"{watching.words(state.alarm)} {state.fault}".strip(), fix)
    elif state.last_good is None:
        yield Finding("backups", f"none yet; the first one comes at {config.backup_at}")
    elif not Path(state.last_good.file).exists():
        yield Finding("backups", f"{state.last_good.file} is gone", "bring it back, or run: hauspost backup")
    else:
        made_at = state.last_good.finished_at
        yield Finding("backups", f"the newest is {state.last_good.file}, of {made_at:%Y-%m-%d %H:%M} UTC")


def _door(name: str, listen: str) -> Finding:
    try:
        with socket.create_connection(split_listen(listen), timeout=_PATIENCE_SECONDS) as hand:
            greeting = hand.recv(200).decode("ascii", "replace").strip()
    except OSError as fault:
        return Finding(name, f"nobody answers at {listen} ({fault})", "start Hauspost: hauspost up")
    fix = "" if greeting.startswith("220 ") else "see which program listens there"
    return Finding(name, f"{listen} answers: {greeting[:80]}", fix)


def _outgoing(config: Config, *, may_be_unset: bool = False) -> Iterator[Finding]:
    if config.outgoing_maildir:
        yield Finding("outgoing mail", f"goes into {config.outgoing_maildir}, not to people (a trial)")
        return
    if not config.outgoing_host and may_be_unset:
        yield Finding("outgoing mail", "no server of the house is set; every mailbox sends by one of its own")
        return
    if not config.outgoing_host:
        yield Finding("outgoing mail", "no server is set, so answers wait", "set outgoing_host and its security")
        return
    yield _mail_server(config)


def _mail_server(config: Config) -> Finding:
    """Greets, encrypts and signs in as for a real mail; sends none."""
    import smtplib
    import ssl

    where = f"{config.outgoing_host}:{config.outgoing_port}"
    context = ssl.create_default_context()
    try:
        if config.outgoing_security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                config.outgoing_host, config.outgoing_port, timeout=_PATIENCE_SECONDS, context=context
            )
        else:
            client = smtplib.SMTP(config.outgoing_host, config.outgoing_port, timeout=_PATIENCE_SECONDS)
        with client:
            if config.outgoing_security == "starttls":
                client.starttls(context=context)
            if config.outgoing_user:
                client.login(config.outgoing_user, config.outgoing_password)
            client.noop()
    except smtplib.SMTPAuthenticationError:
        return Finding("outgoing mail", f"{where} refuses the login", "correct outgoing_user and outgoing_password")
    except ssl.SSLError as fault:
        fix = "correct outgoing_security or outgoing_port, or give the server a certificate for its name"
        return Finding("outgoing mail", f"{where}: encryption failed ({fault.reason or fault})", fix)
    except (OSError, smtplib.SMTPException) as fault:
        fix = "correct outgoing_host, outgoing_port and outgoing_security, or start the mail server"
        return Finding("outgoing mail", f"{where} cannot be used ({fault})", fix)
    return Finding("outgoing mail", f"{where} takes our mail")
