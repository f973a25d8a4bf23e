"""The lists of the mail room as rows for a file, after a row of headings; for whom they are, exporting.py says (S5)."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from hauspost.doors.desk.mailroom import outgoing as queue
from hauspost.doors.desk.mailroom import reactions as parking
from hauspost.doors.desk.reasons import because, in_detail
from hauspost.doors.desk.settings.tables import local, yes
from hauspost.duties.intake.ledger import entries
from hauspost.duties.intake.models import Delivery
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.knowing import seen_at_desk

Rows = Iterator[list[object]]
Sent = Mapping[str, str]
_AT_ONCE = 200


def ledger(actor: Actor, sent: Sent) -> Rows:
    """The mails that the ledger finds."""
    asked = {name: sent.get(name, "").replace("\0", "").strip()[:200] for name in ("sender", "words", "disposition")}
    try:
        on = parse_date(sent.get("on", ""))
    except ValueError:
        on = None
    yield from _mails(actor, {**asked, "on": on})


def quarantine(actor: Actor, sent: Sent) -> Rows:
    """The mails that were set aside."""
    yield from _mails(actor, {"disposition": "quarantine"})


def unchecked(actor: Actor, sent: Sent) -> Rows:
    """The mails that wait for a look."""
    yield from _mails(actor, {"disposition": "unchecked"})


def _mails(actor: Actor, asked: Mapping[str, Any]) -> Rows:
    yield [_("Received"), _("From"), _("To"), _("Subject"), _("Disposition"), _("Because"), _("Ticket")]
    before = None
    while True:
        rows = entries(actor=actor, before=before, limit=_AT_ONCE, **asked)
        # A mail may have gone to a ticket that is another team's by now: then not even its number (P11.1).
        seen = seen_at_desk({row.ticket for row in rows if row.ticket}, actor)
        for row in rows:
            yield _mail(row, row.ticket if row.ticket in seen else None)
        if len(rows) < _AT_ONCE:
            return
        before = rows[-1].id


def _mail(row: Delivery, ticket: int | None) -> list[object]:
    reason = " ".join(text for text in (str(because(row.because)), in_detail(row.detail)) if text)
    sender = row.sender or row.mail_from
    return [local(row.received_at), sender, row.recipient, row.subject, row.get_disposition_display(), reason, ticket]


def outgoing(actor: Actor, sent: Sent) -> Rows:
    """The mails that wait to leave, then those that failed."""
    yield [_("Written"), _("To"), _("Ticket"), _("State"), _("perhaps twice"), _("Last error"), _("Tries")]
    for found in queue.queued():
        # Their numbers first, so that no statement runs long.
        numbers = list(found.values_list("id", flat=True))
        for at in range(0, len(numbers), _AT_ONCE):
            rows = list(found.filter(id__in=numbers[at : at + _AT_ONCE]))
            own, secret = queue.own_and_secret(rows, actor)
            for row in rows:
                yield _leaving(row, own, secret)


def _leaving(row: OutgoingMail, own: set[int], secret: set[int]) -> list[object]:
    hidden = row.about in secret
    to = _("confidential") if hidden else ", ".join(one.address for one in row.recipients.all())
    return [
        local(row.created_at),
        to,
        row.about if row.about in own else None,
        queue.STATES[row.state](),
        yes(row.perhaps_twice),
        _("confidential") if hidden and row.last_error else row.last_error,
        row.tries,
    ]


def reactions(actor: Actor, sent: Sent) -> Rows:
    """What failed three times."""
    yield [_("Parked"), _("About"), _("Event"), _("Reaction"), _("Fault")]
    rows = list(parking.parked())
    hidden = parking.hidden_from(actor, rows)
    for row in rows:
        secret = _("confidential") if row.stream.name in hidden else ""
        about, fault = secret or row.stream.name, secret or row.fault
        yield [local(row.parked_at), about, row.event.kind, row.reaction, fault]
