"""A mail that we sent ourselves comes back: it is logged, whatever mailbox it lands in (P7.5)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import read_message_id


def judge(case: Case) -> Verdict | None:
    """OWN for our own signed Message-ID; a person's answer has an id of its own."""
    ours = read_message_id(case.letter.message_id, tokens.ring())
    if ours is None:
        return None
    return Verdict("own", "own mail", ticket=ours.ticket or None)
