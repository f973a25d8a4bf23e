"""A mail that we sent ourselves comes back: it is logged, whatever mailbox it lands in (P7.5)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.matching import match_of
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import read_message_id


def judge(case: Case) -> Verdict | None:
    """OWN for our own signed id, also where a server wrote a Message-ID of its own; an answer carries neither."""
    ids = [case.letter.message_id, *(value for name, value in case.letter.own_headers if name == "hauspost-id")]
    ours = next((found for found in (read_message_id(one, tokens.ring()) for one in ids) if found), None)
    if ours is None:
        return None
    # P7.6: whoever looks for a loop finds the address, the mail and the tickets it runs between.
    back = match_of(case)
    tickets = sorted({number for number in (ours.ticket, back.ticket.number if back else 0) if number})
    detail = f"from {case.sender or '–'}, <{case.letter.message_id}>, came back to {case.delivery.recipient}"
    about = ", ".join(f"#{number}" for number in tickets)
    return Verdict("own", "own mail", f"{detail}, {about}" if about else detail, ticket=ours.ticket or None)
