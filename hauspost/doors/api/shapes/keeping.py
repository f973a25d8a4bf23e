"""How the house is kept: the audit log, retention, legal holds, backups."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from hauspost.doors.api.shapes.common import Asked, Key, Line, PersonNamed, Told, ToldMoment, Who, Whole, Yes

What = Literal["anonymise", "delete"]
TicketType = Literal["incident", "service_request"]


class AuditLine(Told):
    """Something that was seen, changed or taken out of the house."""

    id: int
    at: ToldMoment
    kind: str = Field(examples=["team.role_given"])
    actor: dict[str, str | None] = Field(
        description="As the sealed record has it.", examples=[{"who": "person:6f1c…", "via": "web", "proof": "session"}]
    )
    person: PersonNamed | None = Field(description="Who did it; null for an import, a rule, and whom you may not know.")
    stream: str = Field(description="What it was about.", examples=["setting:team:it"])
    about: str = Field(description="The same in words.", examples=["team · it"])
    data: dict[str, Any] = Field(description="What the event keeps: before and after of every changed field.")
    texts: dict[str, str | None] = Field(description="Personal texts; null where they were erased.")


class AuditPage(Told):
    """The audit log, the newest first."""

    lines: list[AuditLine]
    next: str | None = Field(
        description="The `cursor` of the next page; null at the end. A page may be short, even empty, and still have a "
        "next one."
    )


class RuleTold(Told):
    """After how many months a closed ticket goes; a rule applies once somebody has started it."""

    id: int
    href: str
    team: str | None = Field(description="Its key; null for every team.")
    type: str | None = Field(description="Null for every type.", examples=["incident"])
    months: int
    what: str = Field(description="anonymise: persons and words go; delete: the subject goes, too.")
    is_active: bool


class Rules(Told):
    """Every retention rule. Where several fit, the narrower one decides."""

    rules: list[RuleTold]


class RuleAsked(Asked):
    """A new rule: it waits until it is started."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"team": "it", "months": 36, "what": "anonymise"}]}
    )

    team: Key | None = None
    type: TicketType | None = None
    months: Annotated[int, Field(strict=True, ge=1, le=600)]
    what: What


class StartAsked(Asked):
    """The word of whoever has seen what goes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seen_it": True}]})

    seen_it: Yes = Field(description="True: you have read the preview. What goes cannot be brought back.")


class RuleDone(Told):
    """A change of a rule is done."""

    id: int
    href: str


class RulePreview(Told):
    """What a rule would take away if it ran now, and what a hold keeps from it."""

    tickets: int
    numbers: list[int] = Field(description="The first 100, without those of confidential teams.")
    entries: int
    files: int
    mails_in: int
    mails_out: int
    held: int
    held_numbers: list[int]


class DayTold(Told):
    """How much went on one day."""

    day: date
    what: str
    tickets: int
    entries: int
    files: int
    mails: int


class Days(Told):
    """What has gone, day by day, the newest first; at most 100."""

    days: list[DayTold]


class HoldTold(Told):
    """Nothing of this ticket, or of this person, goes while it stands."""

    id: int
    on: Literal["ticket", "person"]
    ticket: int | None = Field(description="Its number; null where it is a confidential team’s.")
    person: PersonNamed | None = Field(description="Null, too, for whom you may not know of.")
    reason: str
    by: PersonNamed | None
    since: ToldMoment


class Holds(Told):
    """The holds that stand, the newest first."""

    holds: list[HoldTold]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class HoldAsked(Asked):
    """What has to stay: a ticket, or everything of a person."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ticket": 42, "reason": "Case 7 O 12/26"}]}
    )

    ticket: Whole | None = None
    person: Who | None = None
    reason: Annotated[Line, Field(min_length=1)] = Field(description="Why it has to stay.")


class HoldDone(Told):
    """A hold is placed, or lifted."""

    id: int
    href: str


class RunTold(Told):
    """One backup, drill or restore."""

    id: int
    kind: str = Field(description="backup, drill or restore.")
    state: Literal["good", "failed", "waiting", "working", "silent"] = Field(
        description="`waiting` for a worker; `silent`: at work, but without a sign of life for ten minutes."
    )
    percent: int
    asked_by: PersonNamed | None = Field(description="Null: the clock, or the command line.")
    asked_at: ToldMoment
    finished_at: ToldMoment | None
    fault: str
    file: str = Field(description="On the server; it leaves the house by no page and no program.")
    size_bytes: int
    has_keys: bool
    counts: dict[str, int] = Field(examples=[{"tickets": 12, "files": 7}])


class Runs(Told):
    """Backups, drills and restores, the newest first."""

    runs: list[RunTold]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class BackupState(Told):
    """How the backups stand."""

    is_on: bool = Field(description="Does the clock make one every day?")
    is_new: bool = Field(description="Too new for anything to be expected.")
    alarm: str | None = Field(description="failed, overdue or drill; null when all is well.")
    words: str = Field(description="The alarm in a sentence; empty for none.")
    fault: str
    last_good: RunTold | None
    last_drill: RunTold | None
    at_work: RunTold | None
    next_at: ToldMoment | None


class BackupAsked(Asked):
    """What is wanted now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "backup"}]})

    kind: Literal["backup", "drill"] = "backup"


class BackupDone(Told):
    """A worker begins it within half a minute."""

    id: int
    href: str
