"""A returned mail: it changes the state of what we sent, never the list of tickets (P14)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail


def judge(case: Case) -> Verdict | None:
    """BOUNCE for every delivery status mail; matched by our return path, else by the returned Message-ID."""
    letter = case.letter
    if not (letter.is_dsn or letter.is_bounce):
        return None
    mail = _returned(case)
    if mail is None:
        return Verdict("bounce", "bounce", "it names no mail of ours")
    for bounce in letter.bounces:
        if bounce.action in ("delivered", "relayed", "expanded"):
            continue
        # Given up is given up: a full mailbox has not got the reply either (P5.2).
        undelivered = bounce.action != "delayed"
        outbox.note_bounce(
            mail.id, bounce.recipient, bounce.status, bounce.diagnostic, undelivered, is_address_wrong=bounce.is_hard
        )
    if not letter.bounces and letter.is_bounce:
        outbox.note_bounce(mail.id, "", "", letter.subject, hard=True)
    return Verdict("bounce", "bounce", f"of outgoing mail {mail.id}", ticket=mail.about or None)


def _returned(case: Case) -> OutgoingMail | None:
    """The mail that came back: by our return path, else by the Message-ID of the enclosed original (P14.1)."""
    mails = OutgoingMail.objects.only("id", "about")
    if case.verp_id is not None:
        return mails.filter(id=case.verp_id).first()
    return mails.filter(message_id=case.letter.bounce_of).first() if case.letter.bounce_of else None
