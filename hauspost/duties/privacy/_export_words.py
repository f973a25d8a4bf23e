"""What the readable page of an export calls things; person.json names them as the database does."""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from hauspost.duties.privacy.audit_words import TOLD
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.records.people.models import Address

_Words = Mapping[str, Callable[[], str]]
_MAILS: _Words = {
    OutgoingMail.Kind.REPLY: lambda: _("Reply"),
    OutgoingMail.Kind.ACKNOWLEDGEMENT: lambda: _("Acknowledgement"),
    OutgoingMail.Kind.NOTICE: lambda: _("Notice"),
    OutgoingMail.Kind.ALERT: lambda: _("Warning"),
}
_STATES: _Words = {
    OutgoingRecipient.State.QUEUED: lambda: _("waiting to be sent"),
    OutgoingRecipient.State.DELAYED: lambda: _("delayed, is tried again"),
    OutgoingRecipient.State.HANDED_OVER: lambda: _("handed to the mail server"),
    OutgoingRecipient.State.FAILED: lambda: _("could not be sent"),
    OutgoingRecipient.State.BOUNCED: lambda: _("came back"),
    OutgoingRecipient.State.CANCELLED: lambda: _("taken back"),
}
# By the event that a notice is about; those of the house are told by their first word.
_NOTICES: _Words = {
    "ticket.opened": lambda: _("New ticket"),
    "ticket.answered": lambda: _("New answer"),
    "entry.released": lambda: _("New answer"),
    "ticket.noted": lambda: _("Internal note"),
    "ticket.assigned": lambda: _("Ticket assigned"),
    "ticket.handed": lambda: _("Ticket handed to the team"),
    "ticket.also_sent": lambda: _("Mail to the team, too"),
    "ticket.planned": lambda: _("Visit planned"),
    "ticket.woken": lambda: _("Due again"),
    "ticket.reopened": lambda: _("Open again"),
    "ticket.emergency_access": lambda: _("Emergency access"),
    "participant.added": lambda: _("Asked to help"),
    "mail.failed": lambda: _("A reply did not arrive"),
    "mail.bounced": lambda: _("A reply did not arrive"),
    "backup": lambda: _("Backups"),
    "mail": lambda: _("Mail"),
}
_WHO: _Words = {
    "the person": lambda: _("This person"),
    "somebody": lambda: _("Somebody"),
    "import": lambda: _("An import"),
}


def mail_kind(kind: str) -> str:
    """What a mail was sent for."""
    return _in(_MAILS, kind)


def mail_state(state: str) -> str:
    """How far it came."""
    return _in(_STATES, state)


def notice(kind: str) -> str:
    """What a notice told of."""
    return _in(_NOTICES, kind if kind in _NOTICES else kind.partition(".")[0])


def address_kind(kind: str) -> str:
    """Whose an address is."""
    return str(dict(Address.Kind.choices).get(kind, kind))


def event(kind: str, by: str) -> str:
    """What happened, in a sentence."""
    who = _WHO[by]() if by in _WHO else "Hauspost"
    return TOLD[kind]() % {"who": who} if kind in TOLD else f"{who}: {kind}"


def _in(words: _Words, key: str) -> str:
    return words[key]() if key in words else key


def master_data() -> dict[str, str]:
    """The fields of a person."""
    return {
        "name": _("Name"),
        "uid": _("Number in the record (uid)"),
        "phone": _("Telephone"),
        "language": _("Language"),
        "time_zone": _("Time zone"),
        "department": _("Department"),
        "cost_centre": _("Cost centre"),
        "site": _("Site"),
        "location": _("Location"),
        "key_elsewhere": _("Key in another system"),
        "is_administrator": _("Administrator"),
        "is_auditor": _("Auditor"),
        "sees_department": _("Sees the department’s tickets"),
        "is_external": _("From outside the company"),
        "known_since": _("Known since"),
        "left_at": _("Left on"),
    }
