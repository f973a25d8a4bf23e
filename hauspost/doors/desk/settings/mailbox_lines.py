"""The lines by which the company's own mail server hands over what comes for a mailbox."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.ground.config import split_listen
from hauspost.records.people.models import Mailbox


@dataclass(frozen=True)
class MtaLines:
    """What somebody enters at a mail server: for which one, in which file, and the lines."""

    title: str
    where: str
    lines: str


def lines_for_the_mail_server(box: Mailbox) -> list[MtaLines]:
    """How the company's own mail server hands over what comes for this mailbox; nothing where nobody listens."""
    config = settings.HAUSPOST
    addresses = [box.address.address, *sorted(alias.address.address for alias in box.aliases.all())]
    found = []
    if config.lmtp_listen:
        goal = (
            f"lmtp:{config.lmtp_listen}"
            if config.lmtp_listen.startswith("unix:")
            else f"lmtp:inet:{_reached(config.lmtp_listen)}"
        )
        found.append(MtaLines(_("Postfix, by LMTP"), "/etc/postfix/transport", _table(addresses, goal)))
    if config.smtp_listen:
        host, port = split_listen(config.smtp_listen)
        goal = f"smtp:[{_host(host)}]:{port}"
        found.append(MtaLines(_("Postfix, by SMTP"), "/etc/postfix/transport", _table(addresses, goal)))
    return found


def _table(addresses: list[str], goal: str) -> str:
    return "\n".join(f"{address} {goal}" for address in addresses)


def _reached(listen: str) -> str:
    host, port = split_listen(listen)
    return f"{_host(host)}:{port}"


def _host(host: str) -> str:
    """Where a mail server finds us; what listens everywhere is reached by the name of the pages."""
    return settings.HAUSPOST.public_host if host in ("", "0.0.0.0", "::", "[::]") else host.strip("[]")
