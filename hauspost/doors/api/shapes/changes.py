"""What programs send to change tickets. What is not named here cannot be set (S17)."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from hauspost.doors.api.shapes.common import Asked, Key, Line, Moment, ShortLine, Text, Who, Whole, Yes
from hauspost.doors.api.shapes.people import Language

Level = Annotated[int, Field(strict=True, ge=1, le=3, description="1 low, 2 medium, 3 high.")]
Based = Annotated[
    dict[ShortLine, Any],
    Field(
        max_length=30,
        description="What the fields were when you read them, as the API told them (persons by uid, things by key). "
        "Where somebody else has changed one to a third value meanwhile, nothing is done: 409 with both values.",
        examples=[{"impact": 1}],
    ),
]
Type = Literal["", "incident", "service_request"]
WorkPlace = Literal["", "remote", "on_site"]


class FileAsked(Asked):
    """A small file within JSON; for larger ones send multipart/form-data."""

    name: Annotated[ShortLine, Field(min_length=1, examples=["reading.txt"])]
    content_type: ShortLine = "application/octet-stream"
    content: str = Field(max_length=6_000_000, description="Its bytes, base64.", examples=["MjMgwrBD"])


class Written(Asked):
    """A text, and files with it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "The belt is replaced."}]})

    text: Text = Field("", examples=["The belt is replaced."])
    files: list[FileAsked] = Field(default_factory=list, max_length=50)


class ReplyAsked(Written):
    """An answer in public, to the requester and the confirmed participants."""

    to: list[ShortLine] | None = Field(None, max_length=200, description="Only these of the ticket's recipients.")
    status: Key | None = Field(None, description="Set this status in the same step.")
    files_as_link: Yes = Field(
        False, description="The mail leads to the files on the ticket's page instead of carrying them."
    )
    seen_seq: int | None = Field(
        None,
        strict=True,
        ge=0,
        le=2**31 - 1,
        description="The last entry you had before your eyes: if somebody wrote since, nothing is sent (409).",
    )


class TicketAsked(Written):
    """A new ticket."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"subject": "Conveyor 3 stands still", "text": "Since 6 a.m., error E42.", "category": "building"},
                {"subject": "Called: no network", "text": "Room 2.14", "requester": "petra.lang@lindner.example",
                 "team": "it", "channel": "phone"},
            ]
        },
    )  # fmt: skip

    subject: Annotated[Line, Field(min_length=1, examples=["Conveyor 3 stands still"])]
    team: Key | None = Field(None, description="The responsible team; without it the category's.")
    category: Key | None = None
    site: Key | None = None
    location: Key | None = None
    department: Key | None = Field(None, description="For whom it is asked; without it the requester's.")
    impact_people: int | None = Field(None, strict=True, ge=0, le=1_000_000, description="How many are hampered.")
    impact_percent: int | None = Field(None, strict=True, ge=0, le=100, description="By how much.")
    # From here on: agents of the team only.
    requester: Who | None = Field(None, description="For whom, at the desk; without it yourself.")
    requester_name: ShortLine = Field("", description="With an address nobody has yet: who it is.")
    affected: Who | None = None
    type: Type = ""
    impact: Level | None = None
    urgency: Level | None = None
    channel: Literal["api", "phone", "walk_in"] = "api"
    as_note: Yes = Field(False, description="The first text is the desk's own note; the requester does not see it.")
    acknowledge: Yes = Field(True, description="Tell the requester that it has arrived.")


class AssigneeAsked(Asked):
    """Who is responsible."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"assignee": "me"}]})

    assignee: Who | Literal["me"] | None = Field(description="A member of the team, `me`, or null for nobody.")
    based_on: Based | None = None


class TeamAsked(Asked):
    """Which team is responsible."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"team": "facilities"}]})

    team: Key
    note: Text = Field("", description="Why, for the other team; some teams demand it.")
    based_on: Based | None = None


class StatusAsked(Asked):
    """How it stands."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "resolved"}]})

    status: Key
    until: Moment | None = Field(None, description="For a status that waits for a date: until when.")
    based_on: Based | None = None


class ClassificationAsked(Asked):
    """What it is, how bad, how soon, where."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"category": "network", "impact": 3, "urgency": 2}]}
    )

    category: Key | None = None
    type: Type = ""
    impact: Level = 1
    urgency: Level = 2
    site: Key | None = None
    location: Key | None = None
    work_place: WorkPlace = ""
    affected: Who | None = None
    based_on: Based | None = None


class ImpactAsked(Asked):
    """Who cannot work, how much, from when to when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"people": 6, "percent": 100, "since": "2026-11-24T06:00:00+01:00"}]},
    )

    people: int | None = Field(None, strict=True, ge=0, le=1_000_000)
    percent: int | None = Field(None, strict=True, ge=0, le=100)
    since: Moment | None = None
    until: Moment | None = None
    based_on: Based | None = None


class SnoozeAsked(Asked):
    """Until when it sleeps."""

    until: Moment


class VisitAsked(Asked):
    """Who comes, and when."""

    technician: Who | None = None
    planned_at: Moment | None = None
    work_place: WorkPlace = ""
    based_on: Based | None = None


class SubjectAsked(Asked):
    """A better subject."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"subject": "Belt of conveyor 3 torn"}]})

    subject: Annotated[Line, Field(min_length=1)]
    based_on: Based | None = None


class RequesterAsked(Asked):
    """Whose ticket it really is."""

    requester: Who


class ReopeningAsked(Asked):
    """Nothing to say: the address says it."""


class SpamAsked(Asked):
    """Tickets that are spam; or, with `undo`, that are none after all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"numbers": [4820, 4821]}]})

    numbers: Annotated[list[Whole], Field(min_length=1, max_length=500)]
    undo: bool = False


class SatisfactionAsked(Asked):
    """How it went."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"score": 5, "words": "Quick, thanks!"}]})

    score: Annotated[int, Field(strict=True, ge=1, le=5, description="1 very bad to 5 very good.")]
    words: Annotated[Text, Field(max_length=5000)] = ""


class ParticipantAsked(Asked):
    """Somebody who shall follow the ticket."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"person": "ines.hofer@lindner.example"}]}
    )

    person: Who
    role: Literal["participant", "watcher", "helper"] = "participant"
    from_now: Yes = Field(False, description="Not what was written before.")


class ConfirmationAsked(Asked):
    """How much somebody confirmed may read."""

    with_history: Yes = False


class ReleaseAsked(Asked):
    """What follows from releasing a held mail."""

    as_participant: Yes = Field(False, description="Its author follows the ticket from now on.")


class LinkAsked(Asked):
    """Another ticket, and what it has to do with this one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"number": 4820, "kind": "duplicate"}]})

    number: Whole
    kind: Literal["related", "duplicate", "blocks", "parent", "mentions", "successor"] = "related"


class ElsewhereAsked(Asked):
    """The ticket's number in another system, and from which mail domain that system writes."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"number": "INC0012345", "domain": "supplier.example"}]}
    )

    number: ShortLine
    domain: Line = ""


class TagAsked(Asked):
    """A word."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tag": "gate-3"}]})

    tag: Annotated[ShortLine, Field(min_length=1)]


class NoticesReadAsked(Asked):
    """Which notices are read."""

    number: Whole | None = Field(None, description="Only those of this ticket.")


class AlarmAsked(Asked):
    """A monitoring system reports that something is wrong."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"dedup_key": "host7/disk", "subject": "Disk of host7 is 95 % full", "text": "/var: 1.2 GB left",
                 "team": "it", "category": "network"}
            ]
        },
    )  # fmt: skip

    dedup_key: Annotated[
        Line, Field(min_length=1, description="Names the alarm; yours alone.", examples=["host7/disk"])
    ]
    subject: Annotated[Line, Field(min_length=1)]
    text: Annotated[Text, Field(min_length=1)]
    team: Key
    category: Key | None = None
    site: Key | None = None
    impact: Level = 1
    urgency: Level = 2


class RecoveryAsked(Asked):
    """A monitoring system reports that it is well again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"dedup_key": "host7/disk", "text": "40 % free"}]}
    )

    dedup_key: Annotated[Line, Field(min_length=1, examples=["host7/disk"])]
    text: Text = ""


class MeChange(Asked):
    """Your own settings; what is not named stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "de"}]})

    language: Language = Field("", description="Empty: the company's.")
    time_zone: Annotated[ShortLine, Field(examples=["Europe/Berlin"])] = ""
    forwards_for_others: Yes = Field(
        False, description="Of an agent: mails that you pass on are their real sender's tickets."
    )
