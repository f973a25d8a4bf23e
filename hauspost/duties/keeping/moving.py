"""Moving everything to another database, row by row, and proving that all of it arrived (P55.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, transaction

from hauspost.duties.keeping import rows
from hauspost.duties.keeping.proving import Proof, faults_of_record
from hauspost.duties.keeping.refusals import NotEmpty, NotTheSame, RecordBroken
from hauspost.ground.db import also, drop_tables, go_on_numbering, instead, table_names
from hauspost.ground.search import actions as search

TARGET = "target"
# Which table is being copied or compared, and how many are done.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Moved:
    """One table: how many rows, and the digest that both sides share."""

    label: str
    rows: int
    digest: str


def move(
    settings: Mapping[str, Any], progress: Progress = lambda label, done, total: None
) -> tuple[list[Moved], Proof]:
    """Copy every row into an empty database, compare both sides, verify the record over there.

    Nothing may write meanwhile; the caller has seen to that. Raises NotEmpty, NotTheSame, RecordBroken; then the
    target is empty again, and the source is never touched. The proof names what was broken before.
    """
    with also(TARGET, settings):
        if found := table_names(TARGET):
            raise NotEmpty(place="The other database", found=", ".join(found[:3]))
        try:
            moved = _copied(progress)
            search.rebuild(using=TARGET)
            proof = _proven(settings)
        except BaseException:
            drop_tables(table_names(TARGET), TARGET)
            raise
    return moved, proof


def _copied(progress: Progress) -> list[Moved]:
    call_command("migrate", database=TARGET, verbosity=0, interactive=False)
    tables = rows.tables_at(rows.schema())
    # Foreign keys are checked at the commit on both databases, so the order does not matter.
    with transaction.atomic(using=TARGET):
        for number, table in enumerate(tables):
            progress(table.label, number, 2 * len(tables))
            rows.empty(table, TARGET)
            rows.write(table, rows.read(table, DEFAULT_DB_ALIAS), TARGET)
        go_on_numbering([table.model for table in tables], TARGET)
    moved = []
    for number, table in enumerate(tables, start=len(tables)):
        progress(table.label, number, 2 * len(tables))
        here, there = rows.tally(table), rows.tally(table, TARGET)
        if here.as_json() != there.as_json():
            raise NotTheSame(what=f"{table.label} has {here.rows} rows here and {there.rows} there, or they differ")
        moved.append(Moved(table.label, here.rows, here.digest))
    return moved


def _proven(settings: Mapping[str, Any]) -> Proof:
    """The record verified over there, as it will be asked from now on; stored files stay where they are."""
    with instead(settings):
        proof = faults_of_record(with_files=False)
    # What was broken here before has moved as it was; nothing else may be.
    if proof.faults and set(proof.faults) != set(faults_of_record(with_files=False).faults):
        raise RecordBroken(what="; ".join(proof.faults[:5]))
    return proof
