"""The rules that every mail meets, in this order; the first verdict stands."""

from collections.abc import Callable

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.rules import automatic, bounce, duplicate, flood, own_mail, spam, welcome

Rule = Callable[[Case], Verdict | None]

RULES: tuple[Rule, ...] = (
    own_mail.judge,
    duplicate.judge,
    bounce.judge,
    automatic.judge,
    spam.judge,
    welcome.judge,
    flood.judge,
)


def judge(case: Case) -> Verdict | None:
    """The first rule's verdict; None lets the mail through to its ticket."""
    for rule in RULES:
        verdict = rule(case)
        if verdict is not None:
            return verdict
    return None
