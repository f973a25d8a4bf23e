"""The differences between SQLite and PostgreSQL that others need (search has its own)."""

import hashlib
import re
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet

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


def clear_deleted(using: str = DEFAULT_DB_ALIAS) -> None:
    """Leave no deleted row readable in the database's files, after an erasure. Not inside a transaction."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        if not is_postgres(using):
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def hold(name: bytes, using: str = DEFAULT_DB_ALIAS) -> None:
    """Let only one transaction at a time pass here with this name; on SQLite there is only one anyway."""
    if is_postgres(using):
        number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
