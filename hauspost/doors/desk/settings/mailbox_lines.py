"""What somebody enters at the company's own mail server, so that it hands over what comes for a mailbox."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.ground.config import LOOPBACK, is_within, split_listen
from hauspost.records.people.models import Mailbox

_EXIM_ROUTER = """\
hauspost:
  driver = manualroute
  local_part_suffix = +*
  local_part_suffix_optional
  condition = ${{lookup {{$local_part@$domain}} nwildlsearch {{/etc/exim4/hauspost-addresses}} {{yes}} {{no}}}}
  transport = hauspost
  route_list = * {host}
  self = send
  no_more"""
_EXIM_TRANSPORT = """\
hauspost:
  driver = smtp
  protocol = {protocol}
  port = {port}
  rcpt_include_affixes = true"""


@dataclass(frozen=True)
class Step:
    """One thing to do: its name and file with the lines, or words alone."""

    words: str
    where: str = ""
    lines: str = ""
    hint: str = ""


@dataclass(frozen=True)
class MailServer:
    """A kind of mail server, and what has to be done at it."""

    name: str
    steps: list[Step]


def steps_for_mail_servers(box: Mailbox) -> list[MailServer]:
    """How each kind of mail server hands over what comes for this mailbox; nothing where nobody listens."""
    config = settings.HAUSPOST
    if not (config.lmtp_listen or config.smtp_listen):
        return []
    addresses = [box.address.address, *sorted(alias.address.address for alias in box.aliases.all())]
    domain = box.address.domain
    # Of a domain with people's mailboxes a connector would take their mail as well.
    domain = f"tickets.{domain}" if domain in config.company_domains else domain
    return [
        MailServer("Postfix", _postfix(addresses)),
        MailServer("Exim", _exim(addresses)),
        MailServer(_("Exchange on your own machines"), _exchange(domain)),
        MailServer("Microsoft 365", _microsoft(domain)),
        MailServer("Google Workspace", _google(addresses)),
    ]


def _postfix(addresses: list[str]) -> list[Step]:
    config, found = settings.HAUSPOST, []
    if config.lmtp_listen:
        is_local = config.lmtp_listen.startswith("unix:")
        goal = f"lmtp:{config.lmtp_listen}" if is_local else f"lmtp:inet:{_reached(config.lmtp_listen)}"
        found.append(Step(_("Postfix, by LMTP"), "/etc/postfix/transport", _table(addresses, goal)))
    if config.smtp_listen:
        host, port = split_listen(config.smtp_listen)
        goal = f"smtp:[{_host(host)}]:{port}"
        found.append(Step(_("Postfix, by SMTP"), "/etc/postfix/transport", _table(addresses, goal)))
    example = addresses[0].replace("@", "+…@")
    hint = _("Answers come to %(example)s; without it they are found by their Message-ID and number alone.")
    plus = Step(_("Plus-addresses"), "/etc/postfix/main.cf", "recipient_delimiter = +", hint % {"example": example})
    return [*found, plus]


def _exim(addresses: list[str]) -> list[Step]:
    """By LMTP where that listens on a port, as Exim asks about recipients over TCP only; else by SMTP."""
    config = settings.HAUSPOST
    by_lmtp = bool(config.lmtp_listen) and not config.lmtp_listen.startswith("unix:")
    if not by_lmtp and not config.smtp_listen:
        return [
            Step(_('Exim asks about recipients over TCP only: set lmtp_listen = "127.0.0.1:2424" in hauspost.toml.'))
        ]
    host, port = split_listen(config.lmtp_listen if by_lmtp else config.smtp_listen)
    # In a list of Exim's a colon parts, unless there are two.
    router = _EXIM_ROUTER.format(host=_host(host).replace(":", "::"))
    transport = _EXIM_TRANSPORT.format(protocol="lmtp" if by_lmtp else "smtp", port=port)
    return [
        Step(_("Addresses"), "/etc/exim4/hauspost-addresses", "\n".join(addresses)),
        Step(_("Router, the first of all"), "/etc/exim4/conf.d/router/150_hauspost", router),
        Step(
            _("Transport"),
            "/etc/exim4/conf.d/transport/30_hauspost",
            transport,
            _("Its last line keeps what follows the + of an address. Both are the same for all mailboxes."),
        ),
    ]


def _exchange(domain: str) -> list[Step]:
    words = _("A send connector for this domain alone, with Hauspost as smart host: %(goal)s.")
    return [
        *_unless_reached(),
        Step(
            _("The domain %(domain)s, for the desk alone, as an accepted domain (internal relay).") % {"domain": domain}
        ),
        Step(words % {"goal": _goal()}),
        *_unless_reached(),
        Step(_("In hauspost.toml the address of Exchange stands in listen_allow_from.")),
        Step(_("An address that people know already: its mailbox forwards to a mail contact in that domain.")),
    ]


def _microsoft(domain: str) -> list[Step]:
    """Its connectors have no port: they ask at 25."""
    words = _(
        "Or: the domain %(domain)s, for the desk alone, as an accepted domain (internal relay), and a connector from "
        "Office 365 to your organisation’s mail server for it. The smart host is %(host)s, where Hauspost answers at "
        "port 25."
    )
    return [_fetching(), Step(words % {"domain": domain, "host": settings.HAUSPOST.public_host}), *_unless_reached()]


def _google(addresses: list[str]) -> list[Step]:
    words = _(
        "Or: Gmail › Hosts, add Hauspost: %(goal)s. Then Gmail › Routing, change the route to it for these recipients."
    )
    return [
        _fetching(),
        Step(words % {"goal": _goal()}),
        Step(_("Envelope recipients, as a pattern"), "", _pattern(addresses)),
        *_unless_reached(),
    ]


def _fetching() -> Step:
    return Step(_("Best: “Fetch from a mail server”, above. Nothing has to reach Hauspost from outside."))


def _unless_reached() -> list[Step]:
    """What has to be set where nobody but this machine can hand over by SMTP."""
    listen = settings.HAUSPOST.smtp_listen
    if listen and not _is_loopback(split_listen(listen)[0]):
        return []
    words = _(
        "For this, smtp_listen in hauspost.toml has to be an address of this machine that the mail server reaches."
    )
    return [Step(words)]


def _goal() -> str:
    """Where another machine hands over by SMTP."""
    listen = settings.HAUSPOST.smtp_listen
    host, port = split_listen(listen) if listen else ("", 2525)
    return f"{settings.HAUSPOST.public_host if _is_loopback(host) else _host(host)}:{port}"


def _is_loopback(host: str) -> bool:
    return host == "localhost" or is_within(host, LOOPBACK)


def _pattern(addresses: list[str]) -> str:
    """A regular expression (RE2) for the addresses and their plus-addresses."""
    parts = [address.rpartition("@") for address in addresses]
    return "|".join(rf"^{re.escape(local)}(\+[^@]+)?@{re.escape(domain)}$" for local, _at, domain in parts)


def _table(addresses: list[str], goal: str) -> str:
    return "\n".join(f"{address} {goal}" for address in addresses)


def _reached(listen: str) -> str:
    host, port = split_listen(listen)
    return f"{_host(host)}:{port}"


def _host(host: str) -> str:
    """Where a mail server finds us; what listens everywhere is reached by the name of the pages."""
    return settings.HAUSPOST.public_host if host in ("", "0.0.0.0", "::", "[::]") else host.strip("[]")
