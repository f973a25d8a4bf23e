"""Persons, and what the company has set up, as they come in and go out."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from hauspost.doors.api.shapes.common import (
    Asked,
    Day,
    Key,
    Named,
    PersonNamed,
    ShortLine,
    Text,
    Told,
    ToldMoment,
    Who,
    Yes,
)

Role = Literal["read_only", "agent", "dispatcher", "lead"]
AddressKind = Literal["personal", "shared", "machine"]
Language = Literal["", "en", "de"]
Words = Annotated[
    dict[ShortLine, ShortLine],
    Field(description="The name by language.", examples=[{"en": "Accounting", "de": "Buchhaltung"}]),
]


class AddressTold(Told):
    """A mail address of a person."""

    address: str
    kind: str
    is_main: bool


class RoleTold(Told):
    """A role in a team."""

    team: str
    role: str
    is_technician: bool


class PersonKept(Told):
    """What only administrators and auditors see of a person."""

    language: str
    time_zone: str
    external_key: str | None
    cost_centre: str
    line_manager: PersonNamed | None
    is_administrator: bool
    is_auditor: bool
    sees_department: bool
    is_integration: bool
    deactivated_at: ToldMoment | None
    addresses: list[AddressTold]
    roles: list[RoleTold]


class PersonTold(Told):
    """A person, as the caller may know them."""

    uid: UUID
    href: str
    name: str
    address: str | None = Field(description="The main one.", examples=["petra.lang@lindner.example"])
    phone: str
    department: Named | None
    site: Named | None
    location: Named | None
    is_external: bool
    is_active: bool
    kept: PersonKept | None = Field(description="For administrators and auditors; null for all others.")


class PersonPage(Told):
    """Some persons, by name."""

    people: list[PersonTold]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class PersonDone(Told):
    """A change of a person is done."""

    uid: UUID
    href: str


class PersonAsked(Asked):
    """Somebody whom the desk shall know."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Nora Brandt", "address": "nora.brandt@firma.example"}]},
    )

    name: Annotated[ShortLine, Field(min_length=1)]
    address: Annotated[str, Field(min_length=3, max_length=320, pattern=r"^[^\x00]*$")] | None = None
    language: Language = ""
    time_zone: Annotated[ShortLine, Field(examples=["Europe/Berlin"])] = ""
    phone: Annotated[ShortLine, Field(max_length=60)] = ""
    department: Key | None = None
    line_manager: Who | None = None
    external_key: Annotated[ShortLine, Field(max_length=120, description="What another system calls them.")] = ""
    cost_centre: Annotated[ShortLine, Field(max_length=40)] = ""
    is_external: Yes = False


class PersonChange(Asked):
    """What has changed about a person; what is not named stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"phone": "+49 40 1234-56"}]})

    name: Annotated[ShortLine, Field(min_length=1)] = ""
    language: Language = ""
    time_zone: ShortLine = ""
    phone: Annotated[ShortLine, Field(max_length=60)] = ""
    department: Key | None = None
    line_manager: Who | None = None
    external_key: Annotated[ShortLine, Field(max_length=120)] = ""
    cost_centre: Annotated[ShortLine, Field(max_length=40)] = ""
    is_external: Yes = False
    sees_department: Yes = False
    is_administrator: Yes = False
    is_auditor: Yes = False


class AddressAsked(Asked):
    """One more address."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"address": "n.brandt@firma.example"}]})

    address: Annotated[str, Field(min_length=3, max_length=320, pattern=r"^[^\x00]*$")]
    kind: AddressKind = "personal"
    is_main: Yes = False


class SeatAsked(Asked):
    """Where somebody usually works."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"site": "hamburg"}]})

    site: Key
    location: Key | None = None


class RoleAsked(Asked):
    """A role in a team."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "agent"}]})

    role: Role
    is_technician: Yes = False


class AbsenceTold(Told):
    """When somebody is away, both days included, and who stands in."""

    id: int
    starts_on: date
    ends_on: date
    deputy: PersonNamed | None


class Absences(Told):
    """Absences that are not over."""

    absences: list[AbsenceTold]


class AbsenceAsked(Asked):
    """From which day to which day somebody is away, both included."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"starts_on": "2026-12-21", "ends_on": "2027-01-03"}]}
    )

    starts_on: Day
    ends_on: Day
    deputy: Who | None = None


class MergingAsked(Asked):
    """Into whom a double person is merged."""

    into: Who


class ThingTold(Told):
    """A department, team, site, location, category or status."""

    key: str
    name: str = Field(description="In your language.")
    words: dict[str, str] = Field(description="The name by language.")
    is_archived: bool
    more: dict[str, str | int | bool | None] = Field(
        description="What this kind has beyond: of a location its site, kind and parent; of a status its kind, …"
    )


class Things(Told):
    """All of one kind."""

    things: list[ThingTold]


class ThingDone(Told):
    """A change of a thing of the company is done."""

    key: str
    href: str


class DepartmentAsked(Asked):
    """A unit of people."""

    key: Key
    words: Words
    cost_centre: Annotated[ShortLine, Field(max_length=40)] = ""


class DepartmentChange(Asked):
    """What has changed about a department; what is not named stays."""

    words: Words = Field(default_factory=dict)
    cost_centre: Annotated[ShortLine, Field(max_length=40)] = ""


class TeamAsked(Asked):
    """A group that is responsible for tickets."""

    key: Key
    words: Words
    is_confidential: Yes = False
    language: Language = ""
    acknowledges: Yes = True
    handover_needs_note: Yes = False
    watches_handed_on: Yes = True
    asks_satisfaction: Yes = False
    takes_commands: Yes = False


class TeamChange(Asked):
    """What has changed about a team; what is not named stays."""

    words: Words = Field(default_factory=dict)
    is_confidential: Yes = False
    language: Language = ""
    acknowledges: Yes = True
    handover_needs_note: Yes = False
    watches_handed_on: Yes = True
    asks_satisfaction: Yes = False
    takes_commands: Yes = False


class SiteAsked(Asked):
    """A town, plant or office where the company works."""

    key: Key
    words: Words
    time_zone: ShortLine = "Europe/Berlin"
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    postal_address: Annotated[Text, Field(max_length=1000)] = ""


class SiteChange(Asked):
    """What has changed about a site; what is not named stays."""

    words: Words = Field(default_factory=dict)
    time_zone: ShortLine = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    postal_address: Annotated[Text, Field(max_length=1000)] = ""


class LocationAsked(Asked):
    """A building, floor or room."""

    key: Key
    words: Words
    site: Key
    kind: Literal["building", "floor", "room"]
    parent: Key | None = None


class LocationChange(Asked):
    """What has changed about a location; what is not named stays."""

    words: Words = Field(default_factory=dict)
    kind: Literal["building", "floor", "room"] = "room"
    parent: Key | None = None


class CategoryAsked(Asked):
    """A kind of matter."""

    key: Key
    words: Words
    parent: Key | None = None
    default_type: Literal["", "incident", "service_request"] = ""
    default_team: Key | None = None


class CategoryChange(Asked):
    """What has changed about a category; what is not named stays."""

    words: Words = Field(default_factory=dict)
    parent: Key | None = None
    default_type: Literal["", "incident", "service_request"] = ""
    default_team: Key | None = None


class StatusAsked(Asked):
    """A state of tickets."""

    key: Key
    words: Words
    kind: Literal["new", "open", "waiting_requester", "waiting_third", "waiting_date", "planned", "resolved", "closed"]
    position: Annotated[int, Field(strict=True, ge=0, le=30_000)] = 0
