"""The same mail a second time: one ticket, and the second copy says of which it is one (P12.1, P12.3, P9.1)."""

from django.db.models import QuerySet

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.erasing import WAS_FORGOTTEN, twin_of_forgotten
from hauspost.duties.intake.matching import match_of
from hauspost.duties.intake.models import Delivery
from hauspost.ground import hot

MARK = "same id, other content"
FEW = 5


def _twins(identity: object) -> "QuerySet[Delivery]":
    twins = Delivery.objects.filter(message_id_hash=identity, disposed_at__isnull=False)
    return twins.exclude(disposition__in=["duplicate", "quarantine"])


_SHOWN = ("id", "ticket", "entry", "content_hash", "mailbox", "disposition")
# What was set aside for one mailbox says nothing to another one, which may take it (P9.3).
_ASIDE = ("unchecked", "refused", "spam", "discarded")
_FIRST = hot.Question(lambda identity: _twins(identity).order_by("id").values_list(*_SHOWN)[:FEW])


def judge(case: Case) -> Verdict | None:
    """DUPLICATE for same id and same content. Same id and other content is a mail of its own, and marked (P12.4)."""
    # One look in nearly every case; a machine that always sends one id is asked about once more.
    seen = _FIRST.all(case.identity)
    if len(seen) == FEW:
        seen += _twins(case.identity).filter(content_hash=case.content_hash).values_list(*_SHOWN)[:FEW]
    same = [twin for twin in seen if bytes(twin[3] or b"") == case.content_hash]
    for twin, ticket, entry, _content, mailbox, disposition in same:
        if disposition in _ASIDE and mailbox != case.delivery.mailbox:
            continue
        if _is_for_the_same(case, ticket, mailbox):
            case.opened_by_twin = disposition == "ticket"
            return Verdict("duplicate", "duplicate", f"of delivery {twin}", ticket=ticket, entry=entry)
    forgotten = twin_of_forgotten(case.identity, case.content_hash, case.delivery.mailbox)
    if forgotten is not None:
        return Verdict("duplicate", WAS_FORGOTTEN, f"of delivery {forgotten}")
    # Whoever else has got it, in confidence or not, is linked with what this copy becomes (P9.2).
    case.twins = [twin[1] for twin in same if twin[1]]
    if seen and not same:
        case.delivery.detail = MARK
    return None


def _is_for_the_same(case: Case, ticket: int | None, mailbox: str) -> bool:
    """Is the other copy for the same team, or both for teams that share what they get (P9.2)? Or in the same ticket?

    Of an encrypted mail another team's copy may be closed where this one is open, or the other way round (P22.5).
    """
    if case.secret_team(mailbox) == case.secret_team(case.delivery.mailbox):
        return True
    if case.came_encrypted:
        return False
    match = match_of(case) if ticket else None
    return match is not None and match.standing != "stranger" and match.ticket.number == ticket
