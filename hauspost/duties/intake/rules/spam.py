"""What the mail server in front of us has marked as spam (P35.2)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.matching import joins_a_ticket
from hauspost.duties.intake.rules.welcome import ACCEPTED


def judge(case: Case) -> Verdict | None:
    """SPAM for marked mail that answers no ticket; it is kept, never answered, and can be made a ticket."""
    if case.letter.is_spam and case.delivery.because != ACCEPTED and not joins_a_ticket(case):
        return Verdict("spam", "marked as spam")
    return None
