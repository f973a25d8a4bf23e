"""Answers of machines: absence notes, read receipts, feedback reports. They open nothing and reopen nothing (P13.1)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.matching import joins_a_ticket


def judge(case: Case) -> Verdict | None:
    """AUTOMATIC for an automatic answer that belongs to no ticket; one that does joins it quietly.

    Mail of machines that is no answer (monitoring, scanners) still becomes a ticket (P7.8).
    """
    letter = case.letter
    if letter.is_feedback_report:
        return Verdict("automatic", "feedback report")
    if letter.is_automatic_reply and not joins_a_ticket(case):
        return Verdict("automatic", letter.automatic_reason or "automatic reply")
    return None
