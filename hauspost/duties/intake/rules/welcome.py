"""Who may write to a mailbox: mail of anybody else waits to be checked, opens nothing and is never answered (P35.1)."""

from django.conf import settings

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.matching import joins_a_ticket
from hauspost.records.people.models import Mailbox

ACCEPTED = "accepted"


def judge(case: Case) -> Verdict | None:
    """UNCHECKED for whom the mailbox does not welcome; REFUSED for internal mail that it ignores (P9.5).

    What answers a ticket was invited, what is imported was chosen, and what somebody has accepted is welcome.
    """
    if case.delivery.because == ACCEPTED or case.delivery.via == "import" or case.mailbox is None:
        return None
    box = case.mailbox
    if box.ignores_internal and case.is_internal and not case.named and not joins_a_ticket(case):
        return Verdict("refused", "internal mail", "it names this address neither in To nor in Cc")
    why = _unwelcome(case, box)
    if why and not joins_a_ticket(case):
        return Verdict("unchecked", why)
    return None


def _unwelcome(case: Case, box: Mailbox) -> str:
    """Why this mail has to be looked at first; "" when it is welcome."""
    if case.letter.is_automatic and not box.takes_automatic:
        return "automatic mail"
    if box.welcomes == Mailbox.Welcome.EVERYONE:
        return ""
    if case.is_forged:
        return "forged sender"
    # Whom somebody has let in once is known from then on.
    if case.known_sender is not None and case.known_sender.is_active:
        return ""
    if not case.sender:
        # The envelope's sender anybody can write, and no agent sees it.
        return "no sender"
    if box.welcomes == Mailbox.Welcome.PEOPLE:
        return "unknown sender"
    domain = case.sender.rpartition("@")[2]
    return "" if domain in (*settings.HAUSPOST.company_domains, *box.domains) else "unknown domain"
