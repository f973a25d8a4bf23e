"""What the corpora's judge asks for, answered by the product's own reading and nothing else."""

from typing import Any

from hauspost.ground.mail._mime import Part, read_structure
from hauspost.ground.mail._tnef import read_tnef
from hauspost.ground.mail.letter import Letter, read_letter
from hauspost.ground.mail.threads import conversations
from hauspost.ground.text.plain import text_of_html
from hauspost.ground.text.quotes import fold_html, fold_text


def parse(data: bytes) -> dict[str, Any]:
    """One mail as the judge wants it."""
    letter = read_letter(data)
    if letter.fault == "unreadable":
        raise ValueError("the letter could not be read")
    failed = [bounce for bounce in letter.bounces if bounce.action == "failed"]
    return {
        "subject": letter.subject,
        "from": _addresses(letter.from_),
        "to": _addresses(letter.to),
        "cc": _addresses(letter.cc),
        "reply_to": _addresses(letter.reply_to),
        "from_name": letter.from_[0].name if letter.from_ else "",
        "message_id": letter.message_id,
        "in_reply_to": list(letter.in_reply_to),
        "references": list(letter.references),
        "text": letter.text,
        "html": letter.html,
        "attachments": [
            {
                "name": file.name,
                "type": file.content_type,
                "content": file.content,
                "cid": file.content_id,
                "disposition": "inline" if file.is_inline else "attachment",
            }
            for file in letter.attachments
        ],
        "parts": parts(data),
        "forwarded_from": [letter.forwarded.sender.address] if letter.forwarded else [],
        "is_dsn": letter.is_dsn,
        "is_bounce": letter.is_bounce,
        "bounce_for": [bounce.recipient for bounce in failed],
        "delayed_for": [bounce.recipient for bounce in letter.bounces if bounce.action in ("delayed", "expired")],
        "bounce_hard": any(bounce.is_hard for bounce in failed),
        "bounce_status": [bounce.status for bounce in letter.bounces],
        "bounce_of_message_id": letter.bounce_of,
        "is_auto_reply": letter.is_automatic,
        "is_feedback_report": letter.is_feedback_report,
        "is_spam": letter.is_spam,
    }


def parts(data: bytes) -> list[str | bytes]:
    """The leaves of a mail in order, mails within it opened."""
    found: list[str | bytes] = []
    waiting: list[Part] = [read_structure(data).root]
    while waiting and len(found) < 1000:
        part = waiting.pop()
        if part.children:
            waiting.extend(reversed(part.children))
        elif part.kind == "message/rfc822":
            waiting.append(read_structure(part.content()).root)
        elif part.main == "text":
            from hauspost.ground.mail._charsets import decode

            found.append(decode(part.content(), part.charset))
        else:
            found.append(part.content())
    return found


def reply(text: str) -> str:
    """The author's own words in a text."""
    return fold_text(text).said


def reply_html(html: str) -> str:
    """The author's own words in an HTML body, as text."""
    return text_of_html(fold_html(html).said)


def reply_mail(data: bytes) -> str:
    """The author's own words in a whole mail."""
    letter = read_letter(data)
    return text_of_html(letter.said_html) if letter.html else letter.said_text


def threads(mails: list[bytes]) -> list[int]:
    """One label per mail; equal labels are one conversation."""
    return conversations([read_letter(mail) for mail in mails])


def tnef(data: bytes) -> list[dict[str, Any]]:
    """The files of a winmail.dat as they lie in it, and what it shows to old programs in the place of a message."""
    opened = read_tnef(data)
    found = (
        [(file.name, content) for file in opened.files for content in (file.content, file.stand_in)] if opened else []
    )
    return [{"name": name, "content": content} for name, content in found if content or name]


def _addresses(boxes: tuple[Any, ...]) -> list[str]:
    return [box.address for box in boxes]


__all__ = ["Letter", "parse", "parts", "reply", "reply_html", "reply_mail", "threads", "tnef"]
