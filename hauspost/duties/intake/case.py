"""One mail before the desk: the delivery, the letter, and what is asked of them on the way; each asked once."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings

from hauspost.duties.intake.models import Delivery
from hauspost.ground import hot, tokens
from hauspost.ground.mail.addresses import PlusId, read_plus_address, read_verp
from hauspost.ground.mail.letter import Letter
from hauspost.records.people.actor import Proof
from hauspost.records.people.models import Mailbox, Person

_OURS = hot.Question(
    lambda: (
        Mailbox.objects.filter(archived_at__isnull=True, team__archived_at__isnull=True)
        .order_by("id")
        .values_list("address__address", "id")
    )
)
_MAILBOX = hot.Question(lambda mailbox: Mailbox.objects.filter(id=mailbox).select_related("address", "team"))


@dataclass(frozen=True)
class Verdict:
    """Where a mail ends: its disposition, the rule or evidence that decided, and what there is to say."""

    disposition: str
    because: str
    detail: str = ""
    ticket: int | None = None
    entry: int | None = None


@dataclass
class Case:
    """A mail on its way through rules, matching and filing."""

    delivery: Delivery
    letter: Letter
    # What matching.match_of found, once it was asked.
    matches: list[Any] = field(default_factory=list)

    @cached_property
    def sender(self) -> str:
        """The author's address in lower case, "" when the mail names none (S7: From only, never Reply-To)."""
        return self.letter.sender.address.lower() if self.letter.sender else ""

    @cached_property
    def sender_name(self) -> str:
        return self.letter.sender.name if self.letter.sender else ""

    @cached_property
    def known_sender(self) -> Person | None:
        """The person who wrote, if we know one."""
        from hauspost.records.people.actions import known_person

        return known_person(self.sender) if self.sender else None

    @cached_property
    def mailboxes(self) -> dict[str, int]:
        """Our intake addresses, each with the id of its mailbox."""
        return dict(_OURS.all())

    @cached_property
    def mailbox(self) -> Mailbox | None:
        """The intake address that this mail is for: the first of ours in To, then Cc (P9.3), else the envelope's."""
        boxes = self.mailboxes
        named = (boxes.get(box.address.lower()) for box in (*self.letter.to, *self.letter.cc))
        recipient = self.plus_id.base if self.plus_id is not None else self.delivery.recipient
        wanted = next(filter(None, named), None) or boxes.get(recipient) or next(iter(boxes.values()), None)
        return _MAILBOX.first(wanted) if wanted is not None else None

    @cached_property
    def plus_id(self) -> PlusId | None:
        """What a signed plus-address says, in the envelope or in To and Cc."""
        ring = tokens.ring()
        for address in (self.delivery.recipient, *(box.address for box in (*self.letter.to, *self.letter.cc))):
            found = read_plus_address(address, ring) if "+" in address else None
            if found is not None:
                return found
        return None

    @cached_property
    def verp_id(self) -> int | None:
        """The outgoing mail whose return path this came to."""
        return read_verp(self.delivery.recipient, tokens.ring())

    @cached_property
    def proof(self) -> Proof:
        """How sure we are of the sender: our own server's word (S7), or a relay of the company's own."""
        company = settings.HAUSPOST.company_domains
        if self.delivery.is_trusted_relay and self.sender.rpartition("@")[2] in company:
            return Proof.TRUSTED_RELAY
        if self.sender and is_authenticated(self.letter, settings.HAUSPOST.auth_serv_id):
            return Proof.AUTHENTICATED_MAIL
        return Proof.NONE

    @cached_property
    def may_be_answered(self) -> bool:
        """May a machine of ours answer this mail at all? (P7.2)"""
        no_return = self.delivery.via in ("smtp", "lmtp") and not self.delivery.mail_from
        return not (
            self.letter.is_automatic
            or self.letter.is_spam
            or no_return
            or self.is_forged
            or self.delivery.via == "import"
        )

    @cached_property
    def is_forged(self) -> bool:
        """Does our own server say that the sender is not who it says?"""
        results = results_of(self.letter, settings.HAUSPOST.auth_serv_id)
        return "dmarc=fail" in results or {"spf=fail", "dkim=fail"} <= results

    @cached_property
    def content_hash(self) -> bytes:
        """What stays the same when one mail comes twice: not the way it took (P12.1)."""
        letter = self.letter
        parts = [letter.subject, self.sender, letter.date.isoformat() if letter.date else "", letter.text]
        if not letter.message_id and letter.date is None:
            # Nothing tells two such mails apart but their bytes.
            parts.append(self.delivery.sha256)
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
        for file in letter.attachments:
            digest.update(hashlib.sha256(file.content).digest())
        return digest.digest()[:16]

    @cached_property
    def identity(self) -> bytes:
        """By what the same mail is known again: its Message-ID, without one its content."""
        if not self.letter.message_id:
            return self.content_hash
        return hashlib.sha256(self.letter.message_id.encode("utf-8", "surrogatepass")).digest()[:16]


def is_authenticated(letter: Letter, auth_serv_id: str) -> bool:
    """Does our own server's topmost Authentication-Results say dmarc=pass? Forged ones below are not read (S7)."""
    return "dmarc=pass" in results_of(letter, auth_serv_id)


def results_of(letter: Letter, auth_serv_id: str) -> set[str]:
    """What our own server found: {"spf=pass", "dmarc=fail" …} (RFC 8601)."""
    if not auth_serv_id or not letter.authentication_results:
        return set()
    server, _, results = letter.authentication_results[0].partition(";")
    if server.split()[:1] != [auth_serv_id]:
        return set()
    return {words[0] for result in results.lower().split(";") if (words := result.split())}
