"""What is grave, as it comes in and goes out: erasing a person, and reading a ticket in an emergency."""

from typing import Annotated

from pydantic import ConfigDict, Field

from hauspost.doors.api.shapes.common import Asked, Line, PersonNamed, ShortLine, Told, ToldMoment, Whole


class ErasurePreview(Told):
    """What an erasure would take away, and what would stay as other people's words."""

    mark: str = Field(description="Of what stands here. Whoever erases sends it back.")
    name: str
    addresses: list[str]
    requests: int
    entries: int
    files: int
    mails_in: int
    mails_out: int
    parts: int = Field(description="Personal parts of the record: they go, and the chain still verifies.")
    open_work: list[str] = Field(description="Has to be handed over first.")
    held: list[str] = Field(description="What a legal hold keeps; it has to be lifted first.")
    left: list[str] = Field(description="What names the person in other people's words.")


class ErasureAsked(Asked):
    """The word of whoever has read what goes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"preview": "9f86d081884c7d65"}]})

    preview: Annotated[ShortLine, Field(min_length=1)] = Field(description="The `mark` of the preview that you read.")


class ErasureDone(Told):
    """A person is erased."""

    left: list[str] = Field(description="What could not be cleaned, and what is other people's.")


class EmergencyAsked(Asked):
    """Which ticket has to be read, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"ticket": 42, "reason": "Its team is away, and the payroll stands still."}]},
    )

    ticket: Whole
    reason: Annotated[Line, Field(min_length=10)] = Field(description="A sentence. Team and auditors read it.")


class EmergencyDone(Told):
    """You may read the ticket for an hour. Its team has been told."""

    number: int
    href: str
    until: ToldMoment


class EmergencyTold(Told):
    """Somebody has read a ticket that was not theirs."""

    id: int
    number: int
    person: PersonNamed | None = Field(description="Null for whoever was erased.")
    at: ToldMoment
    reason: str = Field(description="Empty where it was erased.")


class Emergencies(Told):
    """Every emergency access, the newest first."""

    accesses: list[EmergencyTold]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")
