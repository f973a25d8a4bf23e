"""What somebody wrote, on its way into a ticket: text, safe HTML, files; and how it is kept, indexed and sealed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hauspost.ground import clock, hot
from hauspost.ground.files.actions import store, use
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import Part
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.text.safe_html import SANITISER_VERSION
from hauspost.ground.tokens import without_link_tokens
from hauspost.records.people.models import Person
from hauspost.records.tickets.indexing import index_entry
from hauspost.records.tickets.models import Attachment, Entry, KnownMessage, Ticket
from hauspost.records.tickets.refusals import NothingWritten

_FILES = hot.Question(
    lambda entry: Attachment.objects.filter(entry=entry).select_related("blob").order_by("position", "id")
)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file on its way in: its bytes, or a blob that is stored already."""

    name: str
    content_type: str
    content: bytes | Blob
    content_id: str = ""
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody wrote. `html` is safe HTML (or empty: then made from the text); `quoted_html` folds below it."""

    text: str
    html: str = ""
    quoted_html: str = ""
    sanitiser: int = SANITISER_VERSION
    files: Sequence[NewFile] = ()
    subject: str = ""
    message_id: str = ""
    recipients: Sequence[Mapping[str, str]] = ()
    is_automatic: bool = False
    channel: str = "portal"
    delivery: int | None = None
    author_name: str = ""
    author_address: str = ""
    # How the mail was proven, for `Entry.evidence`; and the other names by which answers may call it (an invitation's).
    evidence: Mapping[str, Any] = field(default_factory=dict)
    known_as: Sequence[str] = ()
    # The mail names its files and leads to the ticket's page, instead of carrying them (P36.3).
    files_as_link: bool = False

    @property
    def size_bytes(self) -> int:
        """What its files weigh together."""
        return sum(
            file.content.size_bytes if isinstance(file.content, Blob) else len(file.content) for file in self.files
        )

    def refuse_nothing(self) -> None:
        """Raises NothingWritten when there is neither a word nor a file."""
        if not self.text.strip() and not self.files:
            raise NothingWritten


def write_entry(
    ticket: Ticket,
    writing: Writing,
    *,
    seq: int,
    kind: str,
    author: Person | None,
    is_public: bool,
    is_from_desk: bool,
    proof: str = "",
    held_because: str = "",
    leaves_at: datetime | None = None,
) -> Entry:
    """Keep an entry with its files, known Message-ID and search document, in the verb's transaction."""
    # What an answer quotes of our mail would let every later reader act as its recipient (S12); the raw mail keeps it.
    text = without_link_tokens(writing.text.replace("\0", "�"))
    entry = Entry(
        ticket=ticket,
        seq=seq,
        kind=kind,
        is_public=is_public,
        held_because=held_because,
        is_from_desk=is_from_desk,
        is_automatic=writing.is_automatic,
        author=author,
        author_name=(writing.author_name or (author.name if author else ""))[:200],
        author_address=writing.author_address[:320],
        channel=writing.channel,
        proof=proof,
        evidence=dict(writing.evidence) | ({"files_as_link": True} if writing.files_as_link else {}),
        subject=writing.subject[:2000],
        text=text,
        html=without_link_tokens(writing.html) or html_of_text(text),
        quoted_html=without_link_tokens(writing.quoted_html),
        sanitiser=writing.sanitiser,
        recipients=list(writing.recipients),
        message_id=writing.message_id[:998],
        delivery=writing.delivery,
        created_at=clock.now(),
        leaves_at=leaves_at,
    )
    hot.put(entry)
    _attach(entry, writing.files)
    for known in (writing.message_id, *writing.known_as):
        if known:
            hot.put(KnownMessage(ticket=ticket, entry=entry, id_hash=message_id_hash(known)))
    # A ticket that is just being opened is its team's alone.
    index_entry(ticket, entry, [file.name for file in writing.files], sharing=() if seq == 1 else None)
    return entry


def _attach(entry: Entry, files: Sequence[NewFile]) -> None:
    rows = []
    for position, file in enumerate(files):
        blob = file.content if isinstance(file.content, Blob) else store(file.content)
        use(blob, entry.owner)
        rows.append(
            Attachment(
                entry=entry,
                blob=blob,
                name=file.name[:255] or "file",
                content_type=file.content_type[:120],
                size_bytes=blob.size_bytes,
                content_id=file.content_id[:255],
                is_inline=file.is_inline,
                position=position,
            )
        )
    hot.put_all(rows)


def message_id_hash(message_id: str) -> bytes:
    """By what a Message-ID is found: 128 bits of its SHA-256."""
    import hashlib

    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).digest()[:16]


def entry_parts(entry: Entry, files: Sequence[NewFile] = ()) -> list[Part]:
    """The personal parts of an entry, as its event seals them: its text, its names, its evidence, its files."""
    person_uid = str(entry.author.uid) if entry.author is not None else ""
    parts = [
        Part("text", sealed_text(entry.text, entry.html, entry.quoted_html), person_uid, "entry", entry.id),
    ]
    written_by = sealed_author(entry.author_name, entry.author_address, entry.subject)
    parts.append(Part("written by", written_by, person_uid, "author", entry.id))
    # What came by mail was looked at, whatever was found: nothing may be added to that later.
    if entry.evidence or entry.delivery is not None:
        parts.append(Part("evidence", sealed_evidence(entry.evidence), person_uid, "evidence", entry.id))
    if files:
        parts += [Part("file", sealed_file(row), person_uid, "file", row.id) for row in _FILES.all(entry)]
    return parts


def sealed_text(text: str, html: str, quoted_html: str) -> str:
    """An entry's words as they are sealed."""
    return "\0".join((text, html, quoted_html))


def sealed_author(name: str, address: str, subject: str) -> str:
    """Who wrote an entry, and under which subject, as it is sealed."""
    return "\0".join((name, address, subject))


def sealed_evidence(evidence: Mapping[str, Any]) -> str:
    """How an entry's mail was proven and what it told of itself, as it is sealed."""
    return json.dumps(evidence, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sealed_file(row: Attachment) -> str:
    """A file as it is sealed: its name, type and the SHA-256 of its bytes."""
    return "\0".join((row.name, row.content_type, row.blob.sha256 if row.blob is not None else ""))
