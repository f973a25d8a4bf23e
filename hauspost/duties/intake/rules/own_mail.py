"""A mail that we sent ourselves comes back: it is logged, whatever mailbox it lands in (P7.5)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import read_message_id


def judge(case: Case) -> Verdict | None:
    """OWN for our own signed id, also where a server wrote a Message-ID of its own; an answer carries neither."""
    ids = [case.letter.message_id, *(value for name, value in case.letter.own_headers if name == "hauspost-id")]
    ours = next((found for found in (read_message_id(one, tokens.ring()) for one in ids) if found), None)
    if ours is None:
        return None
    return Verdict("own", "own mail", ticket=ours.ticket or None)
