"""One mail before the desk: the delivery, the letter, and what is asked of them on the way; each asked once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings

from hauspost.duties.intake.fetching import left_bytes_of
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.proving import evidence_of
from hauspost.ground import hot, tokens
from hauspost.ground.mail.addresses import PlusId, read_plus_address, read_verp
from hauspost.ground.mail.letter import Letter
from hauspost.records.people.actor import Actor, Proof
from hauspost.records.people.models import Mailbox, MailboxAlias, Person

_TEAM_OF = ("team_id", "team__is_confidential")
_OURS = hot.Question(
    lambda: (
        Mailbox.objects.filter(archived_at__isnull=True, team__archived_at__isnull=True)
        .order_by("id")
        .values_list("address__address", "id", *_TEAM_OF)
    )
)
_ALIASES = hot.Question(
    lambda: (
        MailboxAlias.objects.filter(mailbox__archived_at__isnull=True, mailbox__team__archived_at__isnull=True)
        .order_by("id")
        .values_list("address__address", "mailbox_id", *(f"mailbox__{name}" for name in _TEAM_OF))
    )
)
_MAILBOX = hot.Question(lambda mailbox: Mailbox.objects.filter(id=mailbox).select_related("address", "team"))


class Ours(NamedTuple):
    """An address of ours: its mailbox and whose it is."""

    mailbox: int
    team: int
    is_confidential: bool


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
    # The bytes as they came, for whoever must look at them; None where nobody need.
    raw: Callable[[], bytes] | None = None
    # What is known of its signature and encryption, for the entry.
    told: dict[str, Any] = field(default_factory=dict)
    # The letter as it came, where a key of ours has opened it.
    closed: Letter | None = None
    # What matching.match_of found, once it was asked.
    matches: list[Any] = field(default_factory=list)
    # Tickets that other copies of the same mail became, at teams that share nothing with this one's (P9.2).
    twins: list[int] = field(default_factory=list)
    # Is it a further copy of the mail that opened a ticket?
    opened_by_twin: bool = False

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
    def mailboxes(self) -> dict[str, Ours]:
        """Our intake addresses and their aliases."""
        return {address: Ours(*about) for address, *about in (*_OURS.all(), *_ALIASES.all())}

    @cached_property
    def arrived_at(self) -> Ours | None:
        """The address of ours by which this very copy came; None for return paths, postmaster and closed mailboxes.

        By the envelope alone: what stands in To and Cc is of other copies.
        """
        return self.mailboxes.get(self.delivery.mailbox)

    @cached_property
    def answers_by_address(self) -> bool:
        """Did this very copy come to a signed address of ours?"""
        return "+" in self.delivery.recipient and read_plus_address(self.delivery.recipient, tokens.ring()) is not None

    @cached_property
    def came_encrypted(self) -> bool:
        """Is something in it encrypted? Then each team's copy is its own, whoever can open it (P22.5, P9.2)."""
        return (self.closed or self.letter).has_encrypted

    def secret_team(self, mailbox: str) -> int:
        """The team (by id) that alone gets what comes to this address: a confidential one's, and of an encrypted mail
        every one's; 0 for all that share what they get (P9.2)."""
        ours = self.mailboxes.get(mailbox)
        return ours.team if ours is not None and (ours.is_confidential or self.came_encrypted) else 0

    @cached_property
    def named(self) -> list[Ours]:
        """Those of ours that To and Cc name, in their order."""
        addresses = (self._base_of(box.address.lower()) for box in (*self.letter.to, *self.letter.cc))
        return [ours for address in addresses if (ours := self.mailboxes.get(address)) is not None]

    def _base_of(self, address: str) -> str:
        plus = read_plus_address(address, tokens.ring()) if "+" in address else None
        return plus.base if plus is not None else address

    @cached_property
    def mailbox(self) -> Mailbox | None:
        """Whose mail this is: the first of ours in To, then Cc, whatever copy comes first (P9.1, P9.3).

        A confidential team's copy is its own (P9.2), and none of another copy becomes its; so is each team's copy of
        what came encrypted. What came to a mailbox that is closed by now is nobody else's: None.
        """
        arrived = self.arrived_at
        if arrived is None and self.delivery.mailbox:
            return None
        if arrived is None or not (arrived.is_confidential or self.came_encrypted):
            known = (one for one in (*self.named, *filter(None, [arrived])) if not one.is_confidential)
            arrived = next(known, arrived) or self._first_open()
        return _MAILBOX.first(arrived.mailbox) if arrived is not None else None

    def _first_open(self) -> Ours | None:
        """Where mail for postmaster goes: the first mailbox that is not a confidential team's."""
        return next((one for one in self.mailboxes.values() if not one.is_confidential), None)

    @cached_property
    def written_to(self) -> str:
        """By which of its addresses the mailbox was written to: answers leave under it (P31.1)."""
        box = self.mailbox
        if box is None:
            return ""
        asked = (
            *(self._base_of(one.address.lower()) for one in (*self.letter.to, *self.letter.cc)),
            self.delivery.mailbox,
        )
        own = {address for address, ours in self.mailboxes.items() if ours.mailbox == box.id}
        return next((address for address in asked if address in own), box.address.address)

    @cached_property
    def left_bytes(self) -> int:
        """How big the mail is for which this one stands, while it stays on its mail server (P36.1); 0 for none."""
        return left_bytes_of(self.delivery)

    @cached_property
    def is_over_limit(self) -> bool:
        """Is the mail bigger than its mailbox takes (P36.1)?"""
        limit = self.mailbox.size_limit_bytes if self.mailbox is not None else 0
        return self.left_bytes > 0 or 0 < limit < self.delivery.size_bytes

    @property
    def misses_files(self) -> bool:
        """Over that limit, are there files that its entry does not have?"""
        return self.is_over_limit and bool(self.left_bytes or self.letter.attachments)

    @cached_property
    def also_sent_to(self) -> set[int]:
        """The other teams (by id) that the mail went to as well, none of them confidential (P9.1); each has its own
        copy of an encrypted one."""
        if self.mailbox is None or self.mailbox.team.is_confidential or self.came_encrypted:
            return set()
        ours = [*self.named, *filter(None, [self.arrived_at])]
        return {one.team for one in ours if not one.is_confidential} - {self.mailbox.team_id}

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
    def evidence(self) -> dict[str, Any]:
        """What is known of who really wrote, for the entry: "spf", "dkim", "dmarc", "auth" and "by" whose word (S7)."""
        return evidence_of(self.delivery, self.letter, self.raw, self._is_senders)

    def _is_senders(self, address: str) -> bool:
        """Is it the very address in From, or another one of the same person?"""
        from hauspost.records.people.actions import known_person

        clean = address.strip().lower()
        if not clean or not self.sender or len(self.letter.from_) != 1:
            return False
        if clean == self.sender:
            return True
        return "@" in clean and self.known_sender is not None and known_person(clean) == self.known_sender

    @cached_property
    def proof(self) -> Proof:
        """How sure we are of the sender: our own server's word or our own check (S7), or a relay of the company's."""
        company = settings.HAUSPOST.company_domains
        if self.delivery.is_trusted_relay and self.sender.rpartition("@")[2] in company:
            return Proof.TRUSTED_RELAY
        found = self.evidence
        if self.sender and (found.get("dmarc") == "pass" or found.get("aligned") or found.get("auth") == "pass"):
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
        """Is it known that the sender is not who it says?"""
        found = self.evidence
        if found.get("auth") == "pass":
            # What a person hands in at home is no mail from their domain's servers.
            return False
        return found.get("dmarc") == "fail" or (found.get("spf"), found.get("dkim")) == ("fail", "fail")

    @cached_property
    def is_internal(self) -> bool:
        """Does it come from the company's own people, as far as the address says?"""
        return self.sender.rpartition("@")[2] in settings.HAUSPOST.company_domains

    @cached_property
    def is_from_agent(self) -> bool:
        """Does a proven agent of the mailbox's team write, with the right to open tickets there?"""
        if self.known_sender is None or self.mailbox is None or self.proof is Proof.NONE:
            return False
        return Actor(who=self.known_sender, via="mail", proof=self.proof).may("open", self.mailbox.team_id)

    @cached_property
    def content_hash(self) -> bytes:
        """What stays the same when one mail comes twice: not the way it took (P12.1)."""
        # As it came: whose key opened it tells no two copies apart.
        letter = self.closed or self.letter
        parts = [letter.subject, self.sender, letter.date.isoformat() if letter.date else "", letter.text]
        if not letter.message_id and letter.date is None:
            # Nothing tells two such mails apart but their bytes.
            parts.append(self.delivery.sha256)
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
        for file in letter.attachments:
            digest.update(bytes.fromhex(file.sha256))
        return digest.digest()[:16]

    @cached_property
    def identity(self) -> bytes:
        """By what the same mail is known again: its Message-ID, without one its content."""
        if not self.letter.message_id:
            return self.content_hash
        return hashlib.sha256(self.letter.message_id.encode("utf-8", "surrogatepass")).digest()[:16]
