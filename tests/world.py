"""The one small world of Hauspost: the demo company, its people and what they write to the desk, as plain data.

Tests, the demo and the screenshots all use it. Nothing here knows Django or Hauspost: a generator turns it into a desk
through the verbs. Long tables (people, devices, stories) stand in `world_stories/*.toml`.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("world_stories")
STORY_FILES = ("today.toml", "it_de.toml", "it_en.toml", "facilities.toml", "hr.toml")


@dataclass(frozen=True)
class Site:
    """A place with an address, a time zone and public holidays of its own (`holidays`: country-subdivision)."""

    key: str
    de: str
    en: str
    address: str
    timezone: str
    holidays: str


@dataclass(frozen=True)
class Location:
    """A building, floor or room (`kind`) of a site; `parent` is the location around it, None for a building."""

    key: str
    site: str
    kind: str
    de: str
    en: str
    parent: str | None = None


@dataclass(frozen=True)
class Department:
    """A unit of people with its cost centre."""

    key: str
    de: str
    en: str
    cost_centre: str


@dataclass(frozen=True)
class Member:
    """Somebody's role in a team; a technician also goes on site."""

    person: str
    role: str
    technician: bool = False


@dataclass(frozen=True)
class Team:
    """Who answers at an intake address. A confidential team's tickets are seen by its members only."""

    key: str
    de: str
    en: str
    address: str
    members: tuple[Member, ...]
    confidential: bool = False


@dataclass(frozen=True)
class Category:
    """What a ticket is about; `type` and `team` are what the desk proposes when it is chosen."""

    key: str
    de: str
    en: str
    type: str
    team: str
    parent: str | None = None


@dataclass(frozen=True)
class Mailbox:
    """An address that is no single person's: kind intake (a team's), shared, machine or outgoing (`ours`)."""

    address: str
    kind: str
    name: str
    team: str | None = None
    site: str | None = None


@dataclass(frozen=True)
class Employee:
    """One of the sixty. `title` is Frau, Herr or empty; `rights` may name administrator or auditor."""

    key: str
    name: str
    title: str
    address: str
    language: str
    department: str
    site: str
    location: str
    phone: str
    job: str
    manager: str | None = None
    rights: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """The given name, as colleagues use it."""
        return self.name.split()[0]

    @property
    def formal(self) -> str:
        """How a German letter addresses them: "Frau Lang", "Herr von Hagen"; the whole name where no title is known."""
        return f"{self.title} {self.name.split(maxsplit=1)[1]}" if self.title else self.name


@dataclass(frozen=True)
class Outsider:
    """Somebody who writes from elsewhere: a supplier the desk waits for, or a stranger."""

    key: str
    name: str
    address: str
    language: str


@dataclass(frozen=True)
class Device:
    """A thing with a yellow sticker (`tag`); `location` is None for what people carry about."""

    tag: str
    kind: str
    model: str
    site: str
    location: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A file to be generated: its name and what to put in it (png, txt, pdf)."""

    name: str
    kind: str


@dataclass(frozen=True)
class Affected:
    """Who cannot work: how many people, hampered by how many per cent (100: stopped), for how many hours so far."""

    people: int
    percent: int
    hours: float


@dataclass(frozen=True)
class Step:
    """One thing that happens to a ticket, `after` the step before it (or after the opening).

    `to`: for assign a person's key, "agent" (one of the team) or "self"; for participant a key, "manager" or
    "colleague" (the requester's). `quote`: the mail carries the previous message below. `automatic`: out of office.
    `begins_after`: how long after planning a visit begins.
    """

    after: timedelta
    by: str
    do: str
    text: str = ""
    to: str = ""
    team: str = ""
    category: str = ""
    type: str = ""
    status: str = ""
    tag: str = ""
    impact: str = ""
    urgency: str = ""
    quote: bool = False
    automatic: bool = False
    begins_after: timedelta = timedelta(0)
    minutes: int = 0
    affected: Affected | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Story:
    """One ticket's life. `openings` are (subject, body) pairs to choose from; the first is the usual one.

    `weight`: at most so many tickets in a year. `months`: only opened then (1 to 12). `opened_ago`: it is still of
    today, opened so long ago, and happens once.
    """

    key: str
    language: str
    channel: str
    team: str
    category: str
    type: str
    impact: str
    urgency: str
    openings: tuple[tuple[str, str], ...]
    outcome: str
    steps: tuple[Step, ...]
    weight: int = 1
    requester: str = ""
    sites: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    months: tuple[int, ...] = ()
    device: str = ""
    location: str = ""
    opened_ago: timedelta | None = None
    attachments: tuple[Attachment, ...] = ()
    affected: Affected | None = None

    @property
    def lasts(self) -> timedelta:
        """The time from its opening to its last step."""
        return sum((step.after for step in self.steps), timedelta(0))

    def fill(self, text: str, **values: str) -> str:
        """The text with its placeholders filled. Raises KeyError for one without a value."""
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


COMPANY, DOMAIN = "Lindner & Voss GmbH", "lindner.example"


def _table(name: str, rows: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))[rows]
    return found


SITES = tuple(Site(**row) for row in _table("company.toml", "sites"))
LOCATIONS = tuple(Location(**row) for row in _table("company.toml", "locations"))
DEPARTMENTS = tuple(Department(**row) for row in _table("company.toml", "departments"))
TEAMS = tuple(
    Team(**row | {"members": tuple(Member(**member) for member in row["members"])})
    for row in _table("company.toml", "teams")
)
CATEGORIES = tuple(Category(**row) for row in _table("company.toml", "categories"))
MAILBOXES = (
    *(Mailbox(team.address, "intake", team.de, team=team.key) for team in TEAMS),
    *(Mailbox(**row) for row in _table("company.toml", "mailboxes")),
)
EMPLOYEES = tuple(
    Employee(**{"address": f"{row['key']}@{DOMAIN}"} | row | {"rights": tuple(row.get("rights", ()))})
    for row in _table("people.toml", "people")
)
OUTSIDERS = tuple(Outsider(**row) for row in _table("people.toml", "outsiders"))
DEVICES = tuple(Device(**row) for row in _table("devices.toml", "devices"))


def person(key: str) -> Employee:
    """The employee with this key. Raises KeyError for nobody."""
    return {employee.key: employee for employee in EMPLOYEES}[key]


# The named cast. Everybody sees the tickets they asked for or take part in, from the entry on at which they joined, and
# never an internal note of a team they do not belong to; what follows is what each may see beyond that.

# Petra runs the Hamburg warehouse: an employee with many tickets; she sees no colleague's ticket unless she is added.
PETRA = person("petra.lang")
# Marta works at Petra's gates: an employee who must not see Petra's tickets, nor Petra hers (her manager).
MARTA = person("marta.nowak")
# Mira is in accounting and writes English: an employee of another department, a stranger to every Hamburg ticket.
MIRA = person("mira.kowalski")
# Ines is in Vienna: her times, holidays and words are Austrian; she sees her own tickets only.
INES = person("ines.hofer")
# Yusuf is a line manager: he is asked for approvals and sees those tickets as far as an approver must, nothing else.
YUSUF = person("yusuf.demir")
# Anna is an IT agent and technician: all IT tickets with their notes; nothing of Facilities, nothing of HR.
ANNA = person("anna.weiss")
# Jonas is an IT agent who shares tours with Facilities: works on IT tickets, may only read Facilities'.
JONAS = person("jonas.klein")
# Deniz is the IT dispatcher: sorts and assigns all IT tickets; what is handed to another team, Deniz sees no more.
DENIZ = person("deniz.aydin")
# Sabine leads IT: all IT tickets and the team's figures; not HR's, although people write to her about staff.
SABINE = person("sabine.krueger")
# Lena is an apprentice with read_only in IT: reads IT tickets and notes, may change and answer nothing.
LENA = person("lena.fischer")
# Paweł is a Facilities agent, the agent of another team: all Facilities tickets, no IT ticket that was not handed over.
PAWEL = person("pawel.wisniewski")
# Claire is the Facilities dispatcher: all Facilities tickets; she may hand a ticket to IT but not read IT's.
CLAIRE = person("claire.dubois")
# Giulia is an HR agent: the confidential HR tickets, which nobody outside HR sees, counts or finds; none of IT's.
GIULIA = person("giulia.conti")
# Karim is the administrator: settings, mail ledger and quarantine; being one does not open HR's confidential tickets.
KARIM = person("karim.haddad")
# Wolfgang is the auditor: reads records and the audit log to check them; changes nothing and answers nobody.
WOLFGANG = person("wolfgang.vonhagen")
# Dirk drives for a haulier: an outsider with no account; sees nothing, and his mail joins a ticket only once confirmed.
DIRK = OUTSIDERS[0]


def dispatcher_of(team: str) -> Employee:
    """Who sorts this team's tickets: its dispatcher, or its lead where it has none."""
    by_role = {member.role: member.person for member in next(t for t in TEAMS if t.key == team).members}
    return person(by_role.get("dispatcher", by_role["lead"]))


def duration(text: str) -> timedelta:
    """Reads "25m", "3h", "2d" or a sum such as "1d4h". Raises ValueError for anything else."""
    if not re.fullmatch(r"(\d+[mhd])+", text):
        raise ValueError(f"{text!r} is no duration; write it like 25m, 3h, 2d or 1d4h.")
    units = {"m": "minutes", "h": "hours", "d": "days"}
    return sum((timedelta(**{units[u]: int(n)}) for n, u in re.findall(r"(\d+)([mhd])", text)), timedelta(0))


def devices_for(story: Story, requester: Employee) -> list[Device]:
    """The devices this story can be about when this person tells it: of its kind, at its place or the person's site."""
    fitting = [device for device in DEVICES if (device.kind, device.site) == (story.device, requester.site)]
    return [device for device in fitting if not story.location or device.location in (story.location, None)]


def candidates(story: Story) -> list[Employee]:
    """Who may have written this story: the named requester, else everyone it fits who is not on the answering team."""
    if story.requester:
        return [person(story.requester)]
    answering = {member.person for team in TEAMS if team.key == story.team for member in team.members}
    places = {location.site for location in LOCATIONS if location.key == story.location}
    return [
        employee
        for employee in EMPLOYEES
        if employee.language == story.language
        and employee.key not in answering
        and employee.manager
        and (not story.sites or employee.site in story.sites)
        and (not story.departments or employee.department in story.departments)
        and (not places or employee.site in places)
        and (not story.device or devices_for(story, employee))
    ]


def placeholders(
    story: Story, requester: Employee, *, agent: Employee, colleague: Employee, device: str = ""
) -> dict[str, str]:
    """What stands for each {word} in this story's texts; `agent` is whoever has the ticket at that moment.

    {formal} is "Frau Lang" in German, the first name in English; names of places are in the story's language.
    """
    named = {row.key: getattr(row, story.language) for table in (DEPARTMENTS, LOCATIONS, SITES) for row in table}
    return {
        "name": requester.name,
        "first": requester.first,
        "formal": requester.formal if story.language == "de" else requester.first,
        "phone": requester.phone,
        "department": named[requester.department],
        "room": named[story.location or requester.location],
        "site": named[requester.site],
        "device": device,
        "colleague": colleague.name,
        "manager": person(requester.manager).name if requester.manager else "",
        "agent": agent.name,
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a story or step with its attachments, affected people and spans of time read."""
    readers: dict[str, Callable[[Any], Any]] = {
        "attachments": lambda files: tuple(Attachment(**file) for file in files),
        "affected": lambda figures: Affected(**figures),
        **dict.fromkeys(("after", "begins_after", "opened_ago"), duration),
        **dict.fromkeys(("sites", "departments", "months"), tuple),
    }
    return {name: readers[name](value) if name in readers else value for name, value in row.items()}


def _steps(row: dict[str, Any]) -> list[Step]:
    """A step as written; a reply that also sets a status becomes the two steps it is."""
    row = _row(row)
    status = row.pop("status", "") if row["do"] != "status" else ""
    step = Step(**row)
    return [step, Step(timedelta(0), step.by, "status", status=status)] if status else [step]


def _story(row: dict[str, Any]) -> Story:
    """A story as written. `triage` and `assignee` are short for the dispatcher's cataloguing and assigning."""
    row = _row(row)
    steps = [step for written in row.pop("steps", []) for step in _steps(written)]
    assignee = row.pop("assignee", "agent")
    if triage := row.pop("triage", None):
        words = {name: row[name] for name in ("category", "type", "impact", "urgency")}
        filed = Step(duration(triage), "dispatcher", "catalogue", **words)
        steps = [filed, Step(timedelta(minutes=1), "dispatcher", "assign", to=assignee), *steps]
    openings = [(row.pop("subject"), row.pop("body"))]
    openings += [(other["subject"], other["body"]) for other in row.pop("alternatives", ())]
    return Story(**row, openings=tuple(openings), steps=tuple(steps))


def stories() -> list[Story]:
    """All stories, in the order of their files."""
    return [_story(row) for name in STORY_FILES for row in _table(name, "story")]
