"""Every row of the desk in one portable form, the same from SQLite and PostgreSQL, and digests to compare by."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.models import Field, Model

from hauspost.ground.db import insert

_BATCH = 1_000
# Filled by the migrations themselves.
_MIGRATE_FILLS = frozenset({"contenttypes", "auth"})
# What processes write about themselves.
_OF_PROCESSES = frozenset({"vitals"})
# Made anew on the other side: sessions do not move, and the vocabulary of the search follows from its documents.
_MADE_ANEW = frozenset({"sessions.Session", "search.SearchWord"})
# What one machine knows of its own backups says nothing about another one.
OF_THIS_MACHINE = frozenset({"keeping.BackupRun"})

# {app: names of the migrations applied there}
Schema = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Table:
    """One table at one state of the schema: its name ("tickets.Ticket") and its columns in order."""

    label: str
    columns: tuple[str, ...]
    model: type[Model]


class Tally:
    """How many rows, and one digest over all of them, in whatever order they come."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def add(self, line: bytes) -> None:
        """Count one more row."""
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line).digest(), "big")

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: the sum of the rows' SHA-256, so that the databases may sort as they like."""
        return f"{self._sum % (1 << 256):064x}"

    def as_json(self) -> dict[str, int | str]:
        """For a manifest."""
        return {"rows": self.rows, "digest": self.digest}


def schema(using: str = DEFAULT_DB_ALIAS) -> dict[str, list[str]]:
    """The migrations that were applied to a database, by app."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationLoader(connections[using]).applied_migrations):
        found.setdefault(app, []).append(name)
    return found


def unknown_to_us(there: Schema) -> list[str]:
    """Migrations that this program does not have: it is older than whoever applied them."""
    known = MigrationLoader(None).disk_migrations
    return [f"{app}.{name}" for app, names in there.items() for name in names if (app, name) not in known]


def tables_at(there: Schema, *, without: frozenset[str] = frozenset()) -> list[Table]:
    """Every table worth keeping, as it stands at this state of the schema, whatever today's models look like."""
    loader = MigrationLoader(None)
    nodes = [(app, name) for app, names in there.items() for name in names if (app, name) in loader.graph.nodes]
    # Django's own declaration calls the state's registry something narrower.
    registry: Any = loader.project_state(nodes).apps
    return list(_tables(registry, without))


def _tables(registry: Apps, without: frozenset[str]) -> Iterator[Table]:
    for model in registry.get_models(include_auto_created=True):
        meta = model._meta
        if not meta.managed or meta.app_label in _MIGRATE_FILLS | _OF_PROCESSES or meta.label in _MADE_ANEW | without:
            continue
        yield Table(meta.label, tuple(field.attname for field in meta.concrete_fields if not field.generated), model)


def read(table: Table, using: str = DEFAULT_DB_ALIAS) -> Iterator[bytes]:
    """The rows as canonical JSON lists without line ends, in small steps."""
    rows = table.model._base_manager.using(using).order_by("pk").values_list(*table.columns)
    for row in rows.iterator(chunk_size=_BATCH):
        yield _CANONICAL.encode(row).encode("utf-8", "surrogatepass")


def count(table: Table, using: str = DEFAULT_DB_ALIAS) -> int:
    """How many rows there are."""
    return table.model._base_manager.using(using).count()


def tally(table: Table, using: str = DEFAULT_DB_ALIAS) -> Tally:
    """Count and digest of what stands in a database."""
    found = Tally()
    for line in read(table, using):
        found.add(line)
    return found


def write(table: Table, lines: Iterable[bytes], using: str = DEFAULT_DB_ALIAS) -> None:
    """Put rows into a table. Raises ValueError when one is not what `read` writes."""
    readers = [_reader(field) for field in _fields(table)]
    made = (_row(table, readers, line) for line in lines)
    while batch := list(islice(made, _BATCH)):
        insert(table.model, table.columns, batch, using)


def empty(table: Table, using: str = DEFAULT_DB_ALIAS) -> None:
    """Take out what migrations themselves put in, so that only what is brought stands there."""
    rows = table.model._base_manager.using(using).all()
    if rows.exists():
        rows._raw_delete(using)


def _fields(table: Table) -> "list[Field[Any, Any]]":
    by_name = {field.attname: field for field in table.model._meta.concrete_fields}
    return [by_name[column] for column in table.columns]


def _row(table: Table, readers: Sequence[Callable[[Any], Any] | None], line: bytes) -> list[Any]:
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(readers):
        raise ValueError(f"a row of {table.label} has another shape")
    for place, reader in enumerate(readers):
        if reader is not None and values[place] is not None:
            values[place] = reader(values[place])
    return values


def _reader(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    """What makes a value again of what JSON could hold of it; None where it is the same."""
    target = field
    while target.remote_field is not None and hasattr(target, "target_field"):
        target = target.target_field
    kind = target.get_internal_type()
    if kind == "DateTimeField":
        return datetime.fromisoformat
    if kind in ("BinaryField", "UUIDField", "DateField", "TimeField", "DecimalField", "DurationField"):
        return target.to_python
    return None


def _plain(value: Any) -> Any:
    """What JSON cannot hold, as text that both databases give back alike."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"no portable form is known for {type(value).__name__}")


# One for all rows: making it costs as much as a row.
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
