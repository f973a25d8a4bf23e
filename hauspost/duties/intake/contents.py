"""What a mail brings into a ticket: its words and files, who wrote it, and how that was proven."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from hauspost.duties.intake.case import Case
from hauspost.duties.intake.matching import CALENDAR, match_of
from hauspost.ground import hot, tokens
from hauspost.ground.files.actions import StoredFile
from hauspost.ground.files.models import Blob
from hauspost.ground.mail.addresses import read_plus_address, read_verp
from hauspost.ground.mail.letter import Attachment, Invitation, Letter, Mailbox
from hauspost.ground.mail.likeness import pretences
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.text.quotes import Folded, fold_html, fold_text
from hauspost.records.people.actions import sender_of_mail, unknown_sender
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Person
from hauspost.records.people.refusals import AddressIsOurs, NotAnAddress
from hauspost.records.tickets.models import Entry
from hauspost.records.tickets.writing import NewFile, Writing

MOST_PROPOSED = 20
# As much of a conversation as answers quote: its last entries, in characters.
MOST_QUOTED, LONGEST_QUOTED = 10, 100_000
_SAID = hot.Question(
    lambda ticket: Entry.objects.filter(ticket=ticket).order_by("-seq").values_list("text", flat=True)[:MOST_QUOTED]
)
# S9: mails with which other services prove that somebody owns an address.
CODE_SENDERS = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "notifications", "mailer")
CODE_WORDS = (
    "verification code", "verify your", "confirm your", "one-time", "security code", "bestätigungscode",
    "verifizier", "bestätigen sie ihre", "einmalcode", "sicherheitscode", "passcode",
)  # fmt: skip


def mail_actor(case: Case, author: Person) -> Actor:
    via = "import" if case.delivery.via == "import" else "mail"
    return Actor(kind="import", name="mail", via=via, on_behalf_of=author, proof=case.proof)


def author_of(case: Case) -> Person:
    """Who wrote; a mail that names nobody usable still becomes a ticket, of the unknown sender (P3.2)."""
    if case.known_sender is not None:
        return case.known_sender
    ring = tokens.ring()
    ours = read_plus_address(case.sender, ring) is not None or read_verp(case.sender, ring) is not None
    try:
        return unknown_sender() if ours else sender_of_mail(case.sender_name, case.sender)
    except (NotAnAddress, AddressIsOurs):
        return unknown_sender()


def writing_of(case: Case) -> Writing:
    letter = folded_by_conversation(case)
    return Writing(
        text=letter.text,
        html=letter.visible_html or html_of_text(letter.visible_text),
        quoted_html=letter.quoted_html or (html_of_text(letter.quoted_text) if letter.quoted_text else ""),
        sanitiser=letter.sanitiser_version,
        # Over the mailbox's limit the files stay in the original mail, and the entry says so (P36.1).
        files=() if case.is_over_limit else _files(letter),
        subject=letter.subject,
        message_id=letter.message_id,
        recipients=[
            {"address": box.address.lower(), "name": box.name, "role": role}
            for role, boxes in (("to", letter.to), ("cc", letter.cc))
            for box in boxes
            if box.address
        ][:100],
        is_automatic=letter.is_automatic_reply,
        channel="mail",
        delivery=case.delivery.id,
        author_name=case.sender_name,
        author_address=case.sender,
        evidence=_evidence(case),
        known_as=[CALENDAR + one.uid for one in letter.calendar if one.uid],
    )


def _evidence(case: Case) -> dict[str, Any]:
    """What the entry tells of the mail that brought it."""
    found = {**case.evidence, **case.told}
    if case.misses_files:
        found["too_big"] = case.left_bytes or case.delivery.size_bytes
    if case.left_bytes:
        found["left_on_server"] = True
    if case.letter.is_shortened:
        found["shortened"] = True
    if case.letter.forwarded_address_hint and case.is_from_agent:
        found["forwarded_hint"] = case.letter.forwarded_address_hint.lower()
    odd = pretences(case.sender_name, case.sender, settings.HAUSPOST.company_domains)
    if odd:
        found["pretences"] = [list(one) for one in odd]
    if case.letter.calendar:
        found["events"] = [_event(one) for one in case.letter.calendar]
    return found


def _event(one: Invitation) -> dict[str, Any]:
    """An event of a calendar in the mail, as the entry keeps it."""
    event = {
        "title": one.title,
        "start": one.start.isoformat() if one.start else "",
        "end": one.end.isoformat() if one.end else "",
        "place": one.place,
        "organiser": one.organiser_name or one.organiser,
        "method": one.method,
        "is_cancelled": one.is_cancelled,
    }
    if one.method in ("REPLY", "COUNTER"):
        event["answers"] = [[attendee.address, attendee.answer] for attendee in one.attendees]
    return event


def folded_by_conversation(case: Case) -> Letter:
    """The letter, parted by what its ticket really says: what is amid a quotation, but not from there, shows (P4.2)."""
    letter = case.letter
    match = match_of(case) if letter.quoted_text or letter.quoted_html else None
    if match is None or match.standing == "stranger" or letter.is_forwarded or letter.is_dsn:
        return letter
    sent = "\n\n".join(_SAID.all(match.ticket))[:LONGEST_QUOTED]
    text = fold_text(letter.text, sent=sent)
    html = fold_html(letter.html, sent=sent) if letter.html else Folded()
    return replace(
        letter,
        visible_text=text.visible,
        quoted_text=text.quoted,
        visible_html=html.visible,
        quoted_html=html.quoted,
        said_text=text.said,
        said_html=html.said,
    )


def only_visible(case: Case) -> Writing:
    """What goes out to the requester: the agent's own words, not what they quoted (P29.2)."""
    letter = folded_by_conversation(case)
    text = letter.said_text.strip() or letter.visible_text.strip() or letter.text
    html = letter.said_html or letter.visible_html or html_of_text(text)
    return replace(writing_of(case), text=text, html=html, quoted_html="")


def _files(letter: Letter) -> Sequence[NewFile]:
    return [
        NewFile(file.name, file.content_type, _content_of(file), file.content_id, file.is_inline)
        for file in letter.attachments
    ]


def _content_of(file: Attachment) -> bytes | Blob:
    return file.held.blob if isinstance(file.held, StoredFile) else file.content


def proposed_in(case: Case, requester_id: int) -> list[Person]:
    """Who else stands in To and Cc and is known: proposed, not yet let in (S8)."""
    return known_people(case, (*case.letter.to, *case.letter.cc), requester_id)


def known_people(case: Case, boxes: Iterable[Mailbox], requester_id: int) -> list[Person]:
    """The persons behind addresses, as far as we know them; never ourselves (P9.4), nor the requester."""
    ours = case.mailboxes
    addresses = [
        box.address.lower()
        for box in boxes
        if box.address and box.address.lower() not in ours and "+" not in box.address
    ]
    if not addresses:
        return []
    rows = Address.objects.filter(address__in=addresses[:MOST_PROPOSED], person__isnull=False).select_related("person")
    people = {row.person_id: row.person for row in rows if row.person is not None and row.person.is_active}
    people.pop(requester_id, None)
    return list(people.values())


def looks_like_code(letter: Letter) -> bool:
    """S9: does this look like the mail by which another service proves that an address is ours?"""
    sender = letter.sender.address.lower() if letter.sender else ""
    if not sender.startswith(CODE_SENDERS):
        return False
    text = f"{letter.subject}\n{letter.text[:4000]}".lower()
    return any(word in text for word in CODE_WORDS)
