"""Tells the record what became of a mail: one event for all recipients that fared alike."""

from collections.abc import Sequence

from hauspost.ground.history.actions import SYSTEM, Part, record
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient


def tell(
    mail: OutgoingMail,
    kind: str,
    recipients: Sequence[OutgoingRecipient],
    *,
    status: str = "",
    is_address_wrong: bool = False,
) -> None:
    """Record `kind` in the mail's stream, in the caller's transaction; without a stream nobody is told.

    Persons stand in the data as uid. What a server said may hold an address, so unless all went well it is a part,
    that can be erased with its person.
    """
    if not mail.stream:
        return
    data = {
        "mail": mail.pk,
        "kind": str(mail.kind),
        "about": mail.about,
        "entry": mail.entry,
        "recipients": [{"person": one.person_uid, "code": one.reply_code} for one in recipients],
        "perhaps_twice": mail.perhaps_twice,
    }
    if status:
        data["status"] = status
    if is_address_wrong:
        data["address_wrong"] = True
    parts = (
        ()
        if kind == "mail.handed_over"
        else [
            Part(f"answer.{position}", f"{one.address}: {one.reply_text}", one.person_uid)
            for position, one in enumerate(recipients)
        ]
    )
    record(kind, mail.stream, actor=SYSTEM, data=data, parts=parts)
