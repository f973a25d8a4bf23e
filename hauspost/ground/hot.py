"""Statements that every mail repeats, said once: Django's SQL is compiled on first use and only its values change.

Measured (docs/bench.md): building and compiling a query through the ORM takes 150 to 400 µs, SQLite's own work on it 15
to 60. What is asked or written a dozen times a mail goes through here; everything else stays plain Django.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from inspect import signature
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import AutoField, BooleanField, DateTimeField, Expression, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.transaction import TransactionManagementError

from hauspost.ground.db import is_kept_as_it_is, prepared

Found = TypeVar("Found")

# For each number of rows up to this a statement is kept.
_ROWS_AT_ONCE = 20


class Question(Generic[Found]):
    """A query with open places, the same on both databases as if it were asked anew.

    `build` gets one open place for each of its parameters and makes a queryset of models or of `values_list`:

        _PERSON = Question(lambda address: Person.objects.filter(addresses__address=address)[:1])
        person = _PERSON.first("ada@acme.example")

    An open place stands where a lookup takes one value (exact, gt, lt …), never for None, a list or a column.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Found]"]) -> None:
        self._build = build
        self._places = len(signature(build).parameters)

    def all(self, *values: object) -> list[Found]:
        """Everything that is found."""
        return self._compiled().ask(values)

    def first(self, *values: object) -> Found | None:
        """The first that is found; a `[:1]` in the query spares the others."""
        return next(iter(self._compiled().ask(values)), None)

    def is_true(self, *values: object) -> bool:
        """Is anything found?"""
        return bool(self._compiled().ask(values))

    def _compiled(self) -> "_Compiled":
        kept = _kept(connections[DEFAULT_DB_ALIAS])
        found: _Compiled | None = kept.get(self)
        if found is None:
            found = kept[self] = _compile(self._build(*map(_Place, range(self._places))))
        return found


def put(row: Model) -> None:
    """Insert a new row; it knows its number afterwards. What `save(force_insert=True)` does, without signals."""
    inserting = _inserting(type(row), 1, is_asking=True)
    row.pk = _said(inserting.connection, inserting.sql, inserting.values([row])).fetchall()[0][0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def put_all(rows: Sequence[Model]) -> None:
    """Insert new rows of one table, many with one statement; they do not learn their numbers."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        inserting = _inserting(type(some[0]), len(some), is_asking=False)
        _said(inserting.connection, inserting.sql, inserting.values(some))


def change(row: Model, names: Sequence[str]) -> None:
    """Write these fields of a row: what `save(update_fields=names)` does. Raises DatabaseError when it is gone."""
    connection = connections[DEFAULT_DB_ALIAS]
    kept, key = _kept(connection), (type(row), *names)
    changing: _Writing | None = kept.get(key)
    if changing is None:
        changing = kept[key] = _Writing.of(type(row), names, connection)
        pk, table = type(row)._meta.pk, connection.ops.quote_name(type(row)._meta.db_table)
        told = ", ".join(f"{name} = %s" for name in changing.columns)
        # Names only, and those are the models'; every value is a parameter.
        changing.sql = f"UPDATE {table} SET {told} WHERE {connection.ops.quote_name(pk.column)} = %s"  # noqa: S608
    if not _said(connection, changing.sql, [*changing.values([row]), row.pk]).rowcount:
        raise DatabaseError(f"{type(row).__name__} {row.pk} is gone")


def remove(row: Model) -> None:
    """Delete a row on which nothing hangs; no matter when it is gone already."""
    connection = connections[DEFAULT_DB_ALIAS]
    kept, key = _kept(connection), (type(row), "removed")
    sql: str | None = kept.get(key)
    if sql is None:
        quote, meta = connection.ops.quote_name, type(row)._meta
        # Names only, and those are the models'; the value is a parameter.
        sql = kept[key] = f"DELETE FROM {quote(meta.db_table)} WHERE {quote(meta.pk.column)} = %s"  # noqa: S608
    _said(connection, sql, [row.pk])


class _Place(Expression):
    """An open place in a query: compiles to one parameter, which is itself until a value takes its place."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


@dataclass
class _Compiled:
    """What Django made of a query for one connection."""

    connection: Any
    sql: str
    params: tuple[Any, ...]
    converters: list[tuple[int, Any, Any]]
    made: Callable[[list[Any]], Any]
    is_locking: bool

    def ask(self, values: Sequence[object]) -> list[Any]:
        if self.is_locking and self.connection.get_autocommit():
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        adapted = [_adapted(value, self.connection) for value in values]
        params = [adapted[one.number] if type(one) is _Place else one for one in self.params]
        rows = _said(self.connection, self.sql, params).fetchall()
        return [self.made(self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        found = list(row)
        for position, convert, expression in self.converters:
            found[position] = convert(found[position], expression, self.connection)
        return found


def _compile(queryset: "QuerySet[Any, Any]") -> _Compiled:
    connection = connections[DEFAULT_DB_ALIAS]
    query = queryset.query
    compiler = query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    columns = [column for column, _sql, _alias in compiler.select[: compiler.col_count]]
    converters = [
        (position, convert, expression)
        for position, (converts, expression) in compiler.get_converters(columns).items()
        for convert in converts
    ]
    is_locking = query.select_for_update and connection.features.has_select_for_update
    made = _maker(queryset, compiler)
    return _Compiled(connection, sql, tuple(params), converters, made, is_locking)


def _maker(queryset: "QuerySet[Any, Any]", compiler: Any) -> Callable[[list[Any]], Any]:
    """How a row becomes what the queryset would have answered: a model with what it joins, a tuple, one value."""
    kind = queryset._iterable_class
    if kind is FlatValuesListIterable:
        return lambda row: row[0]
    if kind is ValuesListIterable:
        return tuple
    if kind is not ModelIterable or compiler.annotation_col_map:
        raise TypeError(f"{kind.__name__} is not kept hot: ask for models, values_list() or values_list(flat=True)")
    return _Loader(compiler.klass_info, compiler.select).made


class _Loader:
    """Makes a model of its columns in a row, and what was joined to it.

    `Model.from_db` sets 30 fields one by one through `__init__`, which costs 15 µs; a fresh object's own dictionary
    filled at once is the same and costs 2.
    """

    def __init__(self, told: dict[str, Any], select: Sequence[Any]) -> None:
        self._model = told["model"]
        places = told["select_fields"]
        self._start, self._end = places[0], places[-1] + 1
        self._names = [column.target.attname for column, _sql, _alias in select[self._start : self._end]]
        self._key = self._start + self._names.index(self._model._meta.pk.attname)
        self._joined = [
            (_Loader(one, select), one["local_setter"], one["remote_setter"])
            for one in told.get("related_klass_infos", ())
        ]

    def made(self, row: list[Any]) -> Any:
        """The object; None where a join found nothing."""
        if row[self._key] is None:
            return None
        found = self._model.__new__(self._model)
        found.__dict__.update(zip(self._names, row[self._start : self._end], strict=True))
        found._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        for loader, set_here, set_there in self._joined:
            other = loader.made(row)
            set_here(found, other)
            if other is not None:
                set_there(other, found)
        return found


@dataclass
class _Writing:
    """How rows of a table become parameters."""

    connection: Any
    columns: list[str]
    values_of: Callable[[Model], Sequence[Any]]
    # Those columns whose values the driver does not take as they are, and what they become.
    changes: list[tuple[int, Callable[[Any], Any]]]
    sql: str = field(default="")

    @classmethod
    def of(cls, model: type[Model], names: Sequence[str], connection: Any) -> "_Writing":
        """For these fields of a model."""
        known = {one.name: one for one in model._meta.concrete_fields}
        fields = [known[name] for name in names]
        columns = [connection.ops.quote_name(one.column) for one in fields]
        attributes = [one.attname for one in fields]
        changes = [
            (position, _change_of(one, connection)) for position, one in enumerate(fields) if not is_kept_as_it_is(one)
        ]
        # With a single name attrgetter answers no tuple.
        values_of = attrgetter(*attributes) if len(attributes) > 1 else lambda row: (getattr(row, attributes[0]),)
        return cls(connection, columns, values_of, changes)

    def values(self, rows: Sequence[Model]) -> list[Any]:
        """The parameters of these rows, one row after the other."""
        found: list[Any] = []
        for row in rows:
            values = list(self.values_of(row))
            for position, change in self.changes:
                values[position] = change(values[position])
            found += values
        return found


def _change_of(field: Any, connection: Any) -> Callable[[Any], Any]:
    """What a field's value becomes; moments are aware here and need no asking."""
    if type(field) is DateTimeField:
        adapt: Callable[[Any], Any] = connection.ops.adapt_datetimefield_value
        return adapt
    if type(field) is BooleanField:
        return lambda value: value if value is None else bool(value)
    return prepared(field, connection)


def _inserting(model: type[Model], rows: int, *, is_asking: bool) -> _Writing:
    """`is_asking`: the statement answers the row's number."""
    connection = connections[DEFAULT_DB_ALIAS]
    kept, key = _kept(connection), (model, rows, is_asking)
    found: _Writing | None = kept.get(key)
    if found is None:
        names = [one.name for one in model._meta.concrete_fields if not isinstance(one, AutoField)]
        found = kept[key] = _Writing.of(model, names, connection)
        places = ", ".join([f"({', '.join(['%s'] * len(names))})"] * rows)
        quote, pk = connection.ops.quote_name, model._meta.pk.column
        # Names only, and those are the models'; every value is a parameter.
        found.sql = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(found.columns)}) VALUES {places}"  # noqa: S608
        if is_asking:
            found.sql += f" RETURNING {quote(pk)}"
    return found


def _said(connection: Any, sql: str, params: Sequence[Any]) -> Any:
    """The cursor after the statement; what it found is taken from it at once, as the next one is said with it, too.

    Opening one for every statement costs 5 µs, a fifth of what a small one takes. PostgreSQL's look after the health of
    their connection, so there each is a new one.
    """
    if connection.vendor != "sqlite" or connection.queries_logged:
        cursor = connection.cursor()
    else:
        kept = _kept(connection)
        belongs_to, cursor = kept.get("cursor", (None, None))
        if cursor is None or belongs_to is not connection.connection:
            cursor = connection.cursor()
            kept["cursor"] = (connection.connection, cursor)
    cursor.execute(sql, params)
    return cursor


def _kept(connection: Any) -> dict[Any, Any]:
    """What was compiled for this connection; it goes with it, and so does what only fits one database."""
    found: dict[Any, Any] = connection.__dict__.setdefault("_hauspost_hot", {})
    return found


def _adapted(value: object, connection: Any) -> Any:
    """A value as the database driver takes it. Raises TypeError for kinds of which it is not known."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, bytes):
        return connection.Database.Binary(value)
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    raise TypeError(f"An open place takes one value of a known kind, not {value!r}.")
