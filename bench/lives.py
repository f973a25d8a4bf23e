"""The life of one ticket as the verbs would write it: its row, entries, sealed events and mails, without a database.

Mirrors records/tickets/actions and ground/history/actions.py; tests/test_bench.py holds the two together: every chain
that is made here verifies, and every row is rebuilt from its events.
"""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from django.db.models import Model

from bench.company import Company
from bench.texts import Author
from hauspost.duties.intake.models import Delivery
from hauspost.ground import tokens
from hauspost.ground.history import _chain
from hauspost.ground.history.actions import Part
from hauspost.ground.history.models import Event, EventPart, Stream
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.search.actions import Document
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.text.safe_html import SANITISER_VERSION
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import Person
from hauspost.records.tickets import rebuilding
from hauspost.records.tickets.company import priority_of
from hauspost.records.tickets.indexing import document_of
from hauspost.records.tickets.models import Entry, KnownMessage, Ticket
from hauspost.records.tickets.writing import entry_parts, message_id_hash

DOMAIN = "bench.example"


@dataclass
class Rows:
    """What is ready to be written, by model, and what is to be found."""

    of: dict[type[Model], list[Any]] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)

    def add(self, row: Model) -> None:
        """Note a row; every row has its key already."""
        self.of.setdefault(type(row), []).append(row)


class Keys:
    """The next free key of each table; with a step above 1 the keys between are another helper's."""

    def __init__(self, starts: Mapping[type[Model], int], step: int = 1) -> None:
        self._counters = {model: count(start, step) for model, start in starts.items()}

    def next(self, model: type[Model]) -> int:
        return next(self._counters[model])


@dataclass
class Life:
    """One ticket on its way; every step adds rows."""

    company: Company
    author: Author
    chance: random.Random
    keys: Keys
    rows: Rows
    ticket: Ticket
    language: str
    until: datetime
    _previous: bytes = b""
    _events: int = 0
    _entries: int = 0
    _stream: int = 0

    def open(self, at: datetime, extra: str = "") -> None:
        """The requester's mail becomes a ticket, and is acknowledged."""
        ticket = self.ticket
        ticket.opened_at = ticket.changed_at = at
        self._stream, self._previous = self.keys.next(Stream), _chain.genesis(ticket.stream)
        actor = self._mail_actor(ticket.requester)
        entry = self._incoming(at, extra)
        data = {
            "before": {},
            "after": rebuilding.snapshot(ticket),
            "entry": 1,
            "acknowledge": True,
            "automatic": False,
            "by desk": False,
        }
        subject = Part("subject", ticket.subject, str(ticket.requester.uid))
        self._record("ticket.opened", at, actor, data, [subject, *entry_parts(entry)])
        self._send("acknowledgement", entry, "", at)

    def answer(self, at: datetime) -> None:
        """The requester writes again."""
        entry = self._incoming(at)
        fields: dict[str, Any] = {"awaits_reply": True, "wake_at": None}
        if self.ticket.state == "waiting_requester":
            fields |= self._status("open", at)
        data = {"entry": entry.seq, "automatic": False, "held": ""}
        self._change("ticket.answered", at, self._mail_actor(self.ticket.requester), fields, data, entry_parts(entry))

    def reply(self, at: datetime, by: Person) -> None:
        """An agent answers in public, and the mail leaves."""
        ticket, actor = self.ticket, Actor(who=by, proof=Proof.SESSION)
        to = {"address": self.company.addresses[ticket.requester_id], "name": ticket.requester.name}
        to |= {"person": str(ticket.requester.uid), "role": "to"}
        entry = self._entry(at, "reply", by, recipients=[to], leaves_at=at + timedelta(seconds=10))
        fields: dict[str, Any] = {"awaits_reply": False, "wake_at": None}
        if ticket.answered_at is None:
            fields["answered_at"] = at
        if ticket.state == "new":
            fields |= self._status("open", at)
        if ticket.assignee is None:
            fields["assignee"] = by
        data = {"entry": entry.seq, "to": [to["person"]]}
        self._change("ticket.replied", at, actor, fields, data, entry_parts(entry))
        mail = self._send("reply", entry, self.ticket.intake_address, at + timedelta(seconds=10))
        entry.outgoing, entry.message_id = mail.pk, mail.message_id

    def note(self, at: datetime, by: Person) -> None:
        """An agent writes something that only the desk sees."""
        entry = self._entry(at, "note", by)
        data = {"entry": entry.seq, "automatic": False}
        self._change("ticket.noted", at, Actor(who=by, proof=Proof.SESSION), {}, data, entry_parts(entry))

    def assign(self, at: datetime, to: Person, by: Person) -> None:
        """A dispatcher makes somebody responsible."""
        fields = {"assignee": to} | (self._status("open", at) if self.ticket.state == "new" else {})
        self._change("ticket.assigned", at, Actor(who=by, proof=Proof.SESSION), fields)

    def catalogue(self, at: datetime, by: Person) -> None:
        """A dispatcher says what it is and how bad."""
        category, impact = self.chance.choice(self.company.categories), self.chance.choice((1, 1, 1, 2, 3))
        fields = {"category": category, "type": category.default_type, "impact": impact}
        fields |= {"priority": priority_of(impact, self.ticket.urgency)}
        self._change("ticket.catalogued", at, Actor(who=by, proof=Proof.SESSION), fields)

    def set_status(self, at: datetime, kind: str, by: Person, wake_at: datetime | None = None) -> None:
        """An agent says how it stands."""
        fields = self._status(kind, at) | ({"wake_at": wake_at} if wake_at else {})
        self._change("ticket.status", at, Actor(who=by, proof=Proof.SESSION), fields)

    def end(self) -> None:
        """Write the row and the head of its chain; nothing follows."""
        head = _chain.head_payload(self.ticket.stream, self._events, self._previous)
        key_id, mac = tokens.ring().mac("head", head, size=32)
        self.rows.add(self.ticket)
        self.rows.add(
            Stream(
                id=self._stream,
                name=self.ticket.stream,
                count=self._events,
                head=self._previous,
                mac=mac,
                mac_key=key_id,
            )
        )

    def _status(self, kind: str, at: datetime) -> dict[str, Any]:
        fields: dict[str, Any] = {"status": self.company.statuses[kind], "state": kind}
        if kind in ("resolved", "closed"):
            fields |= {"resolved_at": self.ticket.resolved_at or at, "closed_at": at if kind == "closed" else None}
            return fields | {"wake_at": None, "awaits_reply": False}
        return fields | {"resolved_at": None, "closed_at": None}

    def _mail_actor(self, person: Person) -> Actor:
        return Actor(kind="import", name="mail", via="mail", on_behalf_of=person, proof=Proof.TRUSTED_RELAY)

    def _incoming(self, at: datetime, extra: str = "") -> Entry:
        """A mail of the requester with its delivery, its entry and its known Message-ID."""
        requester, address = self.ticket.requester, self.company.addresses[self.ticket.requester_id]
        delivery = self.keys.next(Delivery)
        message_id = f"{delivery}.{secrets.token_hex(6)}@{DOMAIN}"
        to = {"address": self.ticket.intake_address, "name": "", "role": "to"}
        entry = self._entry(
            at,
            "request",
            requester,
            recipients=[to],
            delivery=delivery,
            extra=extra,
            message_id=message_id,
            author_address=address,
            subject=self.ticket.subject if self._entries == 0 else f"Re: {self.ticket.subject}"[:2000],
        )
        self.rows.add(
            KnownMessage(
                id=self.keys.next(KnownMessage),
                ticket=self.ticket,
                entry=entry,
                id_hash=message_id_hash(message_id),
            )
        )
        self._deliver(delivery, entry, address, at)
        return entry

    def _deliver(self, delivery: int, entry: Entry, address: str, at: datetime) -> None:
        raw = f"From: {address}\r\nMessage-ID: <{entry.message_id}>\r\n\r\n{entry.text}".encode()
        self.rows.add(
            Delivery(
                id=delivery,
                received_at=at,
                via="smtp",
                source="127.0.0.1",
                transaction=f"bench-{delivery}",
                recipient=self.ticket.intake_address,
                mail_from=address,
                is_trusted_relay=True,
                raw=raw,
                size_bytes=len(raw),
                sha256=sha256(raw).hexdigest(),
                sender=address,
                subject=entry.subject[:500],
                message_id_hash=message_id_hash(entry.message_id),
                content_hash=sha256(raw).digest()[:16],
                person_uid=str(self.ticket.requester.uid),
                disposition="ticket" if entry.seq == 1 else "answer",
                disposed_at=at,
                because="new" if entry.seq == 1 else "our message id",
                ticket=self.ticket.number,
                entry=entry.id,
                tries=1,
            )
        )

    def _entry(
        self,
        at: datetime,
        kind: str,
        author: Person,
        *,
        recipients: Sequence[Mapping[str, str]] = (),
        extra: str = "",
        **more: Any,
    ) -> Entry:
        self._entries += 1
        text = self.author.text(self.language, author.name, extra)
        entry = Entry(
            id=self.keys.next(Entry),
            ticket=self.ticket,
            seq=self._entries,
            kind=kind,
            is_public=kind != "note",
            is_from_desk=kind != "request",
            author=author,
            author_name=author.name,
            channel="mail" if kind == "request" else "portal",
            proof=Proof.TRUSTED_RELAY.value if kind == "request" else Proof.SESSION.value,
            text=text,
            html=html_of_text(text),
            sanitiser=SANITISER_VERSION,
            recipients=list(recipients),
            created_at=at,
            **more,
        )
        self.rows.add(entry)
        self.rows.documents.append(replace(document_of(self.ticket, entry, ()), created_at=at))
        return entry

    def _send(self, kind: Any, entry: Entry, envelope_from: str, at: datetime) -> OutgoingMail:
        """A mail that went out, and the event that tells of it."""
        number, uid = self.keys.next(OutgoingMail), str(self.ticket.requester.uid)
        address = self.company.addresses[self.ticket.requester_id]
        raw = f"To: {address}\r\n\r\n{entry.text if kind == 'reply' else self.ticket.subject}".encode()
        mail = OutgoingMail(
            id=number,
            created_at=at,
            kind=kind,
            stream=self.ticket.stream,
            about=self.ticket.number,
            entry=entry.id,
            person_uid=uid,
            message_id=message_id_for(kind, self.ticket.number, entry.id, 0, tokens.ring(), DOMAIN),
            envelope_from=envelope_from,
            raw=raw,
            size_bytes=len(raw),
            not_before=at,
            next_try_at=None,
            tries=1,
            state="sent",
        )
        self.rows.add(mail)
        self.rows.add(
            OutgoingRecipient(
                id=self.keys.next(OutgoingRecipient),
                mail=mail,
                address=address,
                person_uid=uid,
                state="handed_over",
                reply_code=250,
                reply_text="2.0.0 Ok",
                handed_over_at=at,
                changed_at=at,
            )
        )
        data = {"mail": number, "kind": kind, "about": self.ticket.number, "entry": entry.id, "perhaps_twice": False}
        self._record("mail.handed_over", at, SYSTEM, data | {"recipients": [{"person": uid, "code": 250}]})
        return mail

    def _change(
        self,
        kind: str,
        at: datetime,
        actor: Actor,
        fields: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        parts: Sequence[Part] = (),
    ) -> None:
        """Mirrors records/tickets/_changing.py · change."""
        ticket = self.ticket
        names = [name for name, value in fields.items() if getattr(ticket, name) != value]
        touched = [*names, "changed_at", "version"]
        before = rebuilding.snapshot(ticket, touched)
        for name in names:
            setattr(ticket, name, fields[name])
        ticket.changed_at = at
        ticket.version += 1
        after = rebuilding.snapshot(ticket, touched)
        self._record(kind, at, actor, {"before": before, "after": after, **(data or {})}, parts)

    def _record(
        self, kind: str, at: datetime, actor: Actor, data: Mapping[str, Any], parts: Sequence[Part] = ()
    ) -> None:
        """Mirrors ground/history/actions.py · record."""
        self._events += 1
        event, salts = self.keys.next(Event), [secrets.token_bytes(16) for _ in parts]
        sealed = [
            (part.name, part.person_uid, _chain.part_digest(salt, part.content))
            for part, salt in zip(parts, salts, strict=True)
        ]
        stamp, text = _chain.canonical(actor.stamp()), _chain.canonical(data)
        self._previous = _chain.event_digest(
            version=_chain.VERSION,
            previous=self._previous,
            seq=self._events,
            kind=kind,
            actor=stamp,
            occurred_at=at,
            recorded_at=at,
            data=text,
            parts=sealed,
        )
        self.rows.add(
            Event(
                id=event,
                stream_id=self._stream,
                seq=self._events,
                version=_chain.VERSION,
                kind=kind,
                actor=stamp,
                occurred_at=at,
                recorded_at=at,
                data=text,
                digest=self._previous,
            )
        )
        for position, (part, salt) in enumerate(zip(parts, salts, strict=True)):
            self.rows.add(
                EventPart(
                    id=self.keys.next(EventPart),
                    event_id=event,
                    position=position,
                    name=part.name,
                    person_uid=part.person_uid,
                    digest=sealed[position][2],
                    salt=salt,
                    content=None if part.held else part.content,
                    held=part.held,
                    held_id=part.held_id,
                )
            )
