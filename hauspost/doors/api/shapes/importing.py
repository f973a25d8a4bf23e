"""Files that are brought in: what a program sends, what they would do, and what came of them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from hauspost.doors.api.shapes.common import Asked, Named, PersonNamed, ShortLine, Told, ToldMoment, Who, Yes

Subject = Literal["people", "places"]
What = Literal["created", "changed", "archived", "rejected", "noted"]


class ImportAsked(Asked):
    """A table, and how it is to be read."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "csv": "Number;Name;Mail\nP-1;Petra Lang;petra.lang@lindner.example\n",
                    "columns": {"Number": "external_key", "Mail": "address"},
                }
            ]
        },
    )

    csv: Annotated[str, StringConstraints(max_length=5_000_000)] | None = Field(
        None, description="The table as text; or send the file as it is in the part `files`."
    )
    columns: Annotated[dict[ShortLine, ShortLine], Field(max_length=200)] = Field(
        default_factory=dict,
        description="What a column is, where its heading does not say it; an empty field leaves it out. What is wrong "
        "here is told with all fields that there are.",
    )
    archive_missing: Yes = Field(
        False, description="Deactivate or archive what was brought in before and is not in the table any more."
    )
    new_departments: Yes = Field(True, description="Make departments, sites and locations that are not there yet.")


class CarryingOutAsked(Asked):
    """The consent to a plan that was read."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"plan": "0b5c2f0e7d1c4f3b9a552f6a1c7f8e10"}]}
    )

    plan: ShortLine = Field(description="`plan.mark` as it was read: something else is not done.")
    confirmed: Yes = Field(False, description="Also where the plan has `stops`.")


class Sums(Told):
    """How much it is."""

    created: int
    changed: int
    archived: int
    unchanged: int
    rejected: int = Field(description="Rows that are left as they are: a human has to look at them.")
    noted: int = Field(description="Rows of which one thing is left alone.")


class PlanTold(Told):
    """What carrying it out would do, now; the rows stand at `lines`."""

    mark: str = Field(description="Names exactly this plan.")
    sums: Sums
    columns: dict[str, str] = Field(description="Which column is read as which field.")
    ignored: list[str] = Field(description="Columns that nothing is read from.")
    new_departments: list[str]
    new_places: list[str]
    stops: list[str] = Field(description="Why somebody has to agree with `confirmed`.")
    lines: str


class FaultTold(Told):
    """A row that was left as it was: why, and what to do."""

    line: int
    name: str
    reason: str
    what_to_do: str


class LeaverTold(Told):
    """Somebody deactivated, and how many open tickets and visits somebody else has to take over."""

    uid: UUID
    name: str
    open_work: int
    work: str = Field(description="Where that work is listed, and handed over.")


class OutcomeTold(Told):
    """What came of it. Names are kept for a day, like the file."""

    at: ToldMoment
    created: int
    changed: int
    archived: int
    faults: list[FaultTold] | None = Field(description="Null when the day is over.")
    leavers: list[LeaverTold] | None = Field(description="Null when the day is over.")


class ImportRow(Told):
    """A file that you brought in."""

    id: int
    href: str
    subject: Subject
    at: ToldMoment
    sha256: str = Field(description="Of the table.")
    state: Literal["planned", "begun", "done"] = Field(
        description="`begun` for longer than minutes: it was interrupted; bring the file in again, it does the rest."
    )


class ImportRows(Told):
    """Files that you brought in within the last 30 days, the newest first."""

    imports: list[ImportRow]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class ImportTold(ImportRow):
    """A file that you brought in: what it would do, or what came of it."""

    plan: PlanTold | None = Field(description="Null once it is carried out, and when the file's day is over.")
    outcome: OutcomeTold | None = Field(description="Null until it is carried out.")


class ImportDone(Told):
    """A step of an import is done: numbers only."""

    id: int
    href: str
    state: Literal["planned", "done"]
    plan: str | None = Field(description="The mark of the plan; null once it is done.")
    created: int
    changed: int
    archived: int
    faults: int = Field(description="Rows that are, or were, left as they are.")
    stops: int = Field(description="Whether somebody has to agree first: more than 0.")
    leavers_with_work: int


class ChangeTold(Told):
    """One field before and after, in words; empty is nothing."""

    field: str
    before: str
    after: str


class LineTold(Told):
    """One row of a plan."""

    what: What
    line: int | None = Field(description="Of the file; null for what no line names.")
    name: str
    changes: list[ChangeTold]
    reason: str
    what_to_do: str


class ImportLines(Told):
    """The rows of a plan, in the order in which they would be done."""

    plan: str = Field(description="The mark of the plan: while it is the same, the pages fit together.")
    lines: list[LineTold]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class TeamWork(Told):
    """How many open tickets and visits somebody has in a team."""

    team: Named
    count: int


class StandIn(Told):
    """An absence in which somebody stands in."""

    id: int
    person: PersonNamed


class WorkTold(Told):
    """What somebody who leaves would leave behind."""

    count: int = Field(description="Open tickets and planned visits, in all teams.")
    by_team: list[TeamWork]
    assigned: list[int] = Field(description="The tickets among them that you may read.")
    visits: list[int]
    led_alone: list[Named] = Field(description="Teams without another lead.")
    reports: list[PersonNamed] = Field(description="Whose line manager it is.")
    deputy_for: list[StandIn]
    colleagues: list[PersonNamed] = Field(description="Who could take the work over.")


class HandingOverAsked(Asked):
    """Who takes the open work over."""

    to: Who | None = Field(None, description="One of the `colleagues`; without it all goes back to the teams.")


class LeavingAsked(Asked):
    """Whether the open work is handed over in the same step."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"hand_over": True}]})

    hand_over: Yes = False
    to: Who | None = Field(None, description="One of the `colleagues`; without it all goes back to the teams.")


class WorkHandedOver(Told):
    """How many tickets found somebody new, and how many went back to their teams."""

    to_person: int
    to_team: int
    href: str
