"""What an import would do, row by row, before it does anything: the same for the preview and for the doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, in words; "" is empty."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that would be created, changed or archived; `line` is 0 for what no line of the file names."""

    line: int
    name: str
    changes: tuple[FieldChange, ...] = ()
    # What the importer needs to do it: whom it found, and what it read.
    about: int | None = None
    wanted: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that a human has to look at: why, and what to do."""

    line: int
    name: str
    reason: str
    what_to_do: str


@dataclass(frozen=True)
class Plan:
    """What an import would do; made from the file and the database, changes nothing."""

    # Which column is which field; and the columns that nothing is read from.
    columns: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    created: tuple[Planned, ...] = ()
    changed: tuple[Planned, ...] = ()
    archived: tuple[Planned, ...] = ()
    unchanged: int = 0
    # Rows that are left alone, and rows of which one thing is left alone.
    rejected: tuple[Rejected, ...] = ()
    noted: tuple[Rejected, ...] = ()
    # Departments, sites and locations that would be made along the way, in words.
    new_departments: tuple[str, ...] = ()
    new_places: tuple[str, ...] = ()
    # Why somebody has to agree first (P25.3).
    stops: tuple[str, ...] = ()
    # What the importer needs to make the new departments and places.
    makes: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        """Would nothing happen?"""
        return not (self.created or self.changed or self.archived or self.new_departments or self.new_places)

    @property
    def steps(self) -> int:
        """How many things would be created, changed or archived: the length of a progress bar."""
        return len(self.created) + len(self.changed) + len(self.archived)


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody deactivated, and how many open tickets and visits somebody else has to take over (P25.5)."""

    uid: str
    name: str
    open_work: int


@dataclass(frozen=True)
class Done:
    """What an import has done; `faults` are rows that failed in the doing and were left as they were."""

    created: int = 0
    changed: int = 0
    archived: int = 0
    faults: tuple[Rejected, ...] = ()
    leavers: tuple[Leaver, ...] = ()
