"""What was found in a winmail.dat, as a mail knows it: messages inside as mails, meetings as invitations."""

import hashlib
from email.utils import format_datetime

from ._attachments import Attachment, harmless_name
from ._calendar import Attendee, Invitation
from ._compose_headers import is_sendable, mailbox_list, text_header
from ._compose_parts import Part, file_part, multipart, text_part
from ._tnef import APPOINTMENT, MEETING, Tnef, TnefFile, moment, number, read_tnef, words

_DEEPEST = 5
_BIGGEST_MESSAGE = 8_000_000  # bytes; a bigger one stays as it is, as a copy would fill the memory
_MOST_FILES = 500

# Message classes of meetings, in Outlook's words and in the older ones that stand in a TNEF itself.
_METHODS = {
    "ipm.schedule.meeting.request": "REQUEST",
    "ipm.microsoft schedule.mtgreq": "REQUEST",
    "ipm.schedule.meeting.canceled": "CANCEL",
    "ipm.microsoft schedule.mtgcncl": "CANCEL",
    "ipm.schedule.meeting.resp.pos": "REPLY",
    "ipm.microsoft schedule.mtgrespp": "REPLY",
    "ipm.schedule.meeting.resp.neg": "REPLY",
    "ipm.microsoft schedule.mtgrespn": "REPLY",
    "ipm.schedule.meeting.resp.tent": "REPLY",
    "ipm.microsoft schedule.mtgrespa": "REPLY",
    "ipm.appointment": "",
}
_ANSWERS = {
    "pos": "ACCEPTED",
    "spp": "ACCEPTED",
    "neg": "DECLINED",
    "spn": "DECLINED",
    "ent": "TENTATIVE",
    "spa": "TENTATIVE",
}


def files_of(tnef: Tnef, *, depth: int = 0) -> tuple[Attachment, ...]:
    """The files of a winmail.dat; a message among them as a mail that every program opens."""
    return tuple(_attachment(file, depth) for file in tnef.files[:_MOST_FILES])


def mail_of(tnef: Tnef, *, depth: int = 0) -> bytes:
    """A message that came as TNEF, written as a mail: the same bytes each time."""
    boundary = "=_" + hashlib.sha256(repr((tnef.subject, tnef.text, tnef.html, depth)).encode()).hexdigest()[:32]
    files = files_of(tnef, depth=depth + 1)
    shown = tuple(file for file in files if file.content_id and f"cid:{file.content_id}" in tnef.html)
    body = _words(tnef, boundary)
    if shown:
        pictures = [file_part(file.name, file.content_type, file.content, file.content_id) for file in shown]
        body = multipart("related", [body, *pictures], boundary + "r")
    rest = [file_part(file.name, file.content_type, file.content) for file in files if file not in shown]
    if rest:
        body = multipart("mixed", [body, *rest], boundary + "m")
    head = [*_headers(tnef), "MIME-Version: 1.0", *body.headers, "", ""]
    return "\r\n".join(head).encode("utf-8", "replace") + body.content


def invitation_of(tnef: Tnef) -> Invitation | None:
    """The meeting that a winmail.dat is about, or None."""
    kind = tnef.message_class.strip().lower()
    if kind not in _METHODS or (APPOINTMENT, 0x820D) not in tnef.properties:
        return None
    found, page = tnef.properties, tnef.code_page
    method = _METHODS[kind]
    answer = _ANSWERS[kind[-3:]] if method == "REPLY" else ""
    start, end = moment(found, (APPOINTMENT, 0x820D)), moment(found, (APPOINTMENT, 0x820E))
    return Invitation(
        title=tnef.subject[:1000],
        start=start,
        end=end,
        place=words(found, (APPOINTMENT, 0x8208), page)[:1000],
        organiser="" if method == "REPLY" else tnef.sender_address,
        method=method,
        uid=_uid(tnef),
        attendees=(Attendee(tnef.sender_address, answer),) if method == "REPLY" else (),
        organiser_name="" if method == "REPLY" else tnef.sender_name[:200],
        description=tnef.text[:20_000].strip(),
        sequence=number(found, (APPOINTMENT, 0x8201)),
    )


def _uid(tnef: Tnef) -> str:
    """The UID that an Exchange writes into calendars for the same meeting (MS-OXCICAL 2.1.3.1.1.20.26)."""
    value = tnef.properties.get((MEETING, 0x23)) or tnef.properties.get((MEETING, 0x03))
    if value is None:
        return ""
    _, mark, uid = value.data.partition(b"vCal-Uid\x01\x00\x00\x00")
    if mark:
        return uid.rstrip(b"\0").decode("utf-8", "replace")[:1000]
    return value.data[:500].hex().upper()


def _attachment(file: TnefFile, depth: int) -> Attachment:
    if (
        file.is_message
        and depth < _DEEPEST
        and len(file.content) < _BIGGEST_MESSAGE
        and (inside := read_tnef(file.content))
    ):
        name = harmless_name("", "message/rfc822", base=inside.subject or file.name)
        return Attachment(name, "message/rfc822", mail_of(inside, depth=depth), declared_name=file.name)
    kind = file.content_type if "/" in file.content_type else "application/octet-stream"
    if file.is_message:
        kind = "application/ms-tnef"
    name = harmless_name(file.name, kind)
    return Attachment(name, kind, file.content, file.content_id, declared_name=file.name)


def _words(tnef: Tnef, boundary: str) -> Part:
    forms = [text_part("plain", tnef.text)] if tnef.text.strip() or not tnef.html else []
    forms += [text_part("html", tnef.html)] if tnef.html else []
    return forms[0] if len(forms) == 1 else multipart("alternative", forms, boundary + "a")


def _headers(tnef: Tnef) -> list[str]:
    headers = []
    if tnef.sender_address and is_sendable(tnef.sender_address):
        headers.append("From: " + mailbox_list([(tnef.sender_name, tnef.sender_address)], len("From: ")))
    elif tnef.sender_name:
        headers.append("From: " + text_header(tnef.sender_name, len("From: ")))
    for name, people in (("To", tnef.to), ("Cc", tnef.cc)):
        if people:
            headers.append(f"{name}: " + text_header(people, len(name) + 2))
    headers.append("Subject: " + text_header(tnef.subject, len("Subject: ")))
    if tnef.sent:
        headers.append("Date: " + format_datetime(tnef.sent))
    if tnef.message_id.isascii() and tnef.message_id.isprintable() and 0 < len(tnef.message_id) < 250:
        headers.append(f"Message-ID: <{tnef.message_id}>")
    return headers
