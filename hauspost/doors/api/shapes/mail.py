"""The mail room as it goes out."""

from pydantic import Field

from hauspost.doors.api.shapes.common import Told, ToldMoment


class DeliveryTold(Told):
    """One accepted mail, and what became of it."""

    id: int
    href: str
    received_at: ToldMoment
    via: str
    sender: str
    recipient: str
    subject: str
    size_bytes: int
    sha256: str
    disposition: str = Field(examples=["ticket"])
    disposed_at: ToldMoment | None
    because: str
    detail: str
    ticket: int | None = Field(description="Where the caller sees it.")


class DeliveryPage(Told):
    """Some of the ledger, the newest first."""

    deliveries: list[DeliveryTold]
    next: str | None


class DeliveryDone(Told):
    """A mail that was set aside goes its way, or stays aside."""

    id: int
    href: str


class OutgoingRecipientTold(Told):
    """How far a mail came for one recipient."""

    address: str
    state: str
    reply_code: int
    reply_text: str


class OutgoingTold(Told):
    """A mail in the queue. Of a confidential team's ticket nothing but that it waits."""

    id: int
    kind: str
    state: str
    created_at: ToldMoment
    next_try_at: ToldMoment | None
    tries: int
    perhaps_twice: bool
    ticket: int | None
    recipients: list[OutgoingRecipientTold] | None
    last_error: str | None


class OutgoingPage(Told):
    """What waits to leave and what failed, the newest first."""

    mails: list[OutgoingTold]
    next: str | None


class OutgoingDone(Told):
    """A mail is tried again."""

    id: int


class RetriedTold(Told):
    """How many mails are tried again."""

    count: int


class ReactionTold(Told):
    """What should have followed from an event, and failed three times."""

    id: int
    reaction: str = Field(examples=["acknowledge"])
    event: str = Field(description="After what.", examples=["ticket.opened"])
    stream: str | None = Field(
        description="About what; null where it is a confidential team's ticket.", examples=["ticket:42"]
    )
    tries: int
    parked_at: ToldMoment
    fault: str | None


class ReactionPage(Told):
    """What is parked, the newest first."""

    reactions: list[ReactionTold]
    next: str | None


class ReactionDone(Told):
    """A parked reaction runs again, or is dropped."""

    id: int
