"""The differences between SQLite and PostgreSQL that others need (search has its own)."""

import copy
import hashlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Field, ForeignKey, Model, QuerySet

log = logging.getLogger("hauspost.db")

# How long an erasure waits for a moment in which SQLite's log can be emptied: in all, at each try, and between two.
_LOG_PATIENCE_SECONDS, _LOG_WAIT_MILLISECONDS, _LOG_PAUSE_SECONDS = 10.0, 200, 0.05

_Row = TypeVar("_Row", bound=Model)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_postgres(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the database is PostgreSQL (else it is SQLite)."""
    return connections[using].vendor == "postgresql"


def skip_locked(queryset: QuerySet[_Row]) -> QuerySet[_Row]:
    """The rows nobody else is working on, locked until the transaction ends.

    SQLite has one writer at a time and BEGIN IMMEDIATE: whoever is in a transaction has every row to himself.
    """
    # Only its own rows: what it joins is locked by verbs in another order.
    return queryset.select_for_update(skip_locked=True, of=("self",)) if is_postgres(queryset.db) else queryset


def locked(queryset: QuerySet[_Row]) -> QuerySet[_Row]:
    """The rows, locked until the transaction ends; waits for whoever holds them."""
    return queryset.select_for_update() if is_postgres(queryset.db) else queryset


def storable(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD: neither database can keep them all (P21.5)."""
    return _UNSTORABLE.sub("\ufffd", text)


def clear_deleted(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Leave no deleted row readable in the database's files, after an erasure. Not inside a transaction.

    False when somebody read or wrote all the time: then SQLite's log still holds what the pages held before.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("VACUUM")
    return is_postgres(using) or _empty_log(using)


def _empty_log(using: str) -> bool:
    """Take everything out of SQLite's log and make it empty; that needs a moment in which nobody reads an old page."""
    until = time.monotonic() + _LOG_PATIENCE_SECONDS
    with connections[using].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = int(cursor.fetchone()[0])
        # A little patience within SQLite keeps new writers away meanwhile; more would hold up whoever waits for us.
        cursor.execute(f"PRAGMA busy_timeout = {_LOG_WAIT_MILLISECONDS}")
        try:
            while not _is_emptied(cursor):
                if time.monotonic() > until:
                    log.warning("the database's log could not be emptied: somebody reads all the time")
                    return False
                time.sleep(_LOG_PAUSE_SECONDS)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
    return True


def _is_emptied(cursor: Any) -> bool:
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # It raises nothing where somebody is in its way, but says so in the first column.
    return not cursor.fetchone()[0]


@contextmanager
def overwriting_deleted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Leave nothing readable of what is deleted in here, without the long pause of `clear_deleted`. No transaction.

    SQLite overwrites at once what is freed; PostgreSQL lets go of dead rows at the end, beside its other work.
    """
    with connections[using].cursor() as cursor:
        if is_postgres(using):
            yield
            cursor.execute("VACUUM")
            return
        cursor.execute("PRAGMA secure_delete = ON")
        try:
            yield
        finally:
            # What stood in the changed pages before is still in the log.
            _empty_log(using)
            cursor.execute("PRAGMA secure_delete = OFF")


def hold(name: bytes, using: str = DEFAULT_DB_ALIAS) -> None:
    """Let only one transaction at a time pass here with this name; on SQLite there is only one anyway."""
    if is_postgres(using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(name)])


@contextmanager
def also(alias: str, settings: Mapping[str, Any]) -> Iterator[None]:
    """Reach one more database by an alias, for as long as this lasts."""
    connections.databases[alias] = connections.configure_settings({DEFAULT_DB_ALIAS: dict(settings)})[DEFAULT_DB_ALIAS]
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]


@contextmanager
def instead(settings: Mapping[str, Any]) -> Iterator[None]:
    """Let everything that follows happen in another database. Not inside a transaction."""
    before = connections.databases[DEFAULT_DB_ALIAS]
    _reconnect(connections.configure_settings({DEFAULT_DB_ALIAS: dict(settings)})[DEFAULT_DB_ALIAS])
    try:
        yield
    finally:
        _reconnect(before)


def _reconnect(settings: Any) -> None:
    connections[DEFAULT_DB_ALIAS].close()
    del connections[DEFAULT_DB_ALIAS]
    connections.databases[DEFAULT_DB_ALIAS] = settings


@contextmanager
def snapshot(using: str = DEFAULT_DB_ALIAS) -> Iterator[str]:
    """One moment of the whole database to read from, by the alias answered; writers go on meanwhile."""
    wanted, alias = copy.deepcopy(connections[using].settings_dict), f"{using} as it was"
    options = wanted["OPTIONS"]
    if is_postgres(using):
        from psycopg import IsolationLevel

        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
    else:
        # IMMEDIATE, as elsewhere, would be a writer and keep the others waiting.
        options["transaction_mode"] = "DEFERRED"
        options["init_command"] = f"{options.get('init_command', '')};PRAGMA query_only=ON".lstrip(";")
    with also(alias, wanted), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        # The moment is that of the first question.
        if is_postgres(using):
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SELECT 1")
        else:
            cursor.execute("SELECT count(*) FROM sqlite_master")
        cursor.fetchone()
        yield alias


@contextmanager
def all_or_nothing(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """One transaction in which also the schema may change: whatever fails or is killed inside, nothing has happened."""
    connection = connections[using]
    if not is_postgres(using):
        # Migrations need the foreign keys unchecked, and inside a transaction SQLite does not switch that.
        connection.disable_constraint_checking()
    try:
        with transaction.atomic(using=using):
            if is_postgres(using):
                # A table with checks still to come could not be altered (“pending trigger events”).
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            yield
            connection.check_constraints()
    finally:
        if not is_postgres(using):
            connection.enable_constraint_checking()


def insert(model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], using: str) -> None:
    """Put many rows into a table with all their columns, numbers included; three times as fast as through objects."""
    connection = connections[using]
    fields = {field.attname: field for field in model._meta.concrete_fields}
    changes = [prepared(fields[column], connection) for column in columns]
    names = ", ".join(connection.ops.quote_name(fields[column].column or column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    table = connection.ops.quote_name(model._meta.db_table)
    # Names only, and those are the models'; every value is a parameter.
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608
    values = [[change(value) for change, value in zip(changes, row, strict=True)] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def prepared(field: "Field[Any, Any]", connection: Any) -> Callable[[Any], Any]:
    """What a field's value becomes on its way into the database; most stay as they are."""
    if is_kept_as_it_is(field):
        return lambda value: value
    return lambda value: field.get_db_prep_save(value, connection)


def is_kept_as_it_is(field: "Field[Any, Any]") -> bool:
    """Does the driver take this field's values without any change?"""
    if isinstance(field, ForeignKey):
        return is_kept_as_it_is(field.target_field)
    return field.get_internal_type() in _KEPT_AS_THEY_ARE


_KEPT_AS_THEY_ARE = frozenset(
    {"AutoField", "BigAutoField", "IntegerField", "BigIntegerField", "SmallIntegerField", "PositiveIntegerField",
     "PositiveBigIntegerField", "PositiveSmallIntegerField", "CharField", "TextField", "SlugField"}
)  # fmt: skip


def go_on_numbering(models: Sequence[type[Model]], using: str = DEFAULT_DB_ALIAS) -> None:
    """After rows were brought in with their numbers, let the next ones get numbers of their own."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def table_names(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The tables that are there; none in a database nobody has used yet."""
    return sorted(connections[using].introspection.table_names())


def drop_tables(names: Sequence[str], using: str) -> None:
    """Take tables away with all they hold: what a restore or a move that failed had begun to make."""
    connection = connections[using]
    cascade = " CASCADE" if is_postgres(using) else ""
    statements = [f"DROP TABLE IF EXISTS {connection.ops.quote_name(name)}{cascade}" for name in names]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def try_hold(name: bytes, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Like `hold`, but says no where another transaction holds the name; on SQLite nobody else can be in one."""
    if not is_postgres(using):
        return True
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number_of(name)])
        return bool(cursor.fetchone()[0])


def somebody_waits(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Does somebody wait to write, so that a transaction of many things should end? Only SQLite's writers wait so."""
    asked = getattr(connections[using], "somebody_waits", None)
    return asked is not None and bool(asked())


def size_bytes(using: str = DEFAULT_DB_ALIAS) -> int:
    """How much room the database takes: on SQLite with what is still in its log."""
    connection = connections[using]
    if is_postgres(using):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    name = str(connection.settings_dict["NAME"])
    return sum(os.path.getsize(path) for path in (name, f"{name}-wal") if os.path.exists(path))


def _number_of(name: bytes) -> int:
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
