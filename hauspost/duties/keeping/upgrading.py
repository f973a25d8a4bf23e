"""Bringing a desk to a newer version: backup, check, migrate, check; or everything stays as it was (P19.1)."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hauspost.duties.keeping import backup, rows, runs
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.keeping.proving import Proof, faults_of_record
from hauspost.duties.keeping.refusals import BackupsAreOff, DatabaseTooNew, UpgradeFailed
from hauspost.duties.keeping.rows import Table
from hauspost.ground import clock
from hauspost.ground.db import all_or_nothing
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.company import add_first_statuses

# What is being done, in words.
Say = Callable[[str], None]

# Nothing but erasing may ever change these.
_RECORD = ("history.Event", "history.EventPart", "history.Seal", "files.Blob")
_OPERATOR = Actor(kind="system", name="upgrade", via="cli")


@dataclass(frozen=True)
class Upgraded:
    """What was done: the migrations applied, the backup made before, what holds now."""

    migrations: tuple[str, ...]
    backup: Path
    proof: Proof


class _Differs(Exception):
    """What was there before is not there after; the words say what."""


def pending() -> list[str]:
    """The migrations that this program has and the database has not. Raises DatabaseTooNew."""
    if unknown := rows.unknown_to_us(rows.schema()):
        raise DatabaseTooNew(what=", ".join(unknown[:3]) + (" …" if len(unknown) > 3 else ""))
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def upgrade(say: Say = lambda words: None, *, although_broken: bool = False) -> Upgraded | None:
    """Do all of it, or nothing; None when there is nothing to do. Nothing else may run on this desk meanwhile.

    Migrations and checks are one transaction: whatever fails or is killed, the database is as it was, and the backup
    made before stays. `although_broken` goes on where the record does not verify in the end: before, this program could
    not ask it. Raises DatabaseTooNew, BackupsAreOff, AlreadyAtWork, UpgradeFailed; OSError when the backup fails.
    """
    todo = pending()
    if not todo:
        return None
    folder = settings.HAUSPOST.backup_folder
    if folder is None:
        raise BackupsAreOff()
    with runs.alone():
        begun = clock.now()
        say("1. Backup")
        made = backup.make(runs.name_for(folder, begun))
        say(f"   {made.path}, {made.counts['tickets']} tickets, {made.counts['files']} files")
        say("2. Check")
        _refuse_a_full_disk()
        before = {table.label: table for table in rows.tables_at(rows.schema())}
        tallies = {label: rows.tally(table) for label, table in before.items()}
        say(f"   {len(before)} tables, {sum(tally.rows for tally in tallies.values())} rows")
        try:
            with all_or_nothing():
                say(f"3. Migrate: {len(todo)} migrations")
                call_command("migrate", verbosity=0, interactive=False)
                add_first_statuses(actor=_OPERATOR)
                say("4. Check")
                _compare(before, tallies)
                proof = faults_of_record()
                if proof.faults and not although_broken:
                    raise _Differs("; ".join(proof.faults[:5]))
        except Exception as fault:
            # A migration is anybody's code; whatever it raises, the answer is the same.
            raise UpgradeFailed(why=str(fault).strip() or type(fault).__name__, file=made.path) from fault
        _remember(made, begun)
    found = f"{len(proof.faults)} breaks" if proof.faults else "everything holds"
    say(f"   {proof.streams} chains, {proof.events} events: {found}")
    return Upgraded(tuple(todo), made.path, proof)


def _refuse_a_full_disk() -> None:
    """Migrating may write every table anew. Raises OSError."""
    config = settings.HAUSPOST
    name = connection.settings_dict["NAME"]
    needed = 2 * Path(name).stat().st_size if connection.vendor == "sqlite" else 0
    if shutil.disk_usage(config.data).free < needed:
        raise OSError(f"the disk of {config.data} has too little room: {needed / 1e9:.1f} GB are needed")


def _compare(before: dict[str, Table], tallies: dict[str, rows.Tally]) -> None:
    """Nothing that was there may have gone, and the record may not have changed. Raises _Differs."""
    after = {table.label: table for table in rows.tables_at(rows.schema())}
    for label, tally in tallies.items():
        if label not in after:
            continue
        now = rows.count(after[label])
        if now < tally.rows:
            raise _Differs(f"{label} had {tally.rows} rows and has {now}")
        if label in _RECORD and now == tally.rows and _same_columns(before[label], after[label]) != tally.digest:
            raise _Differs(f"the rows of {label} changed")


def _same_columns(before: Table, after: Table) -> str:
    """The digest over the columns of before, as they stand now; "" when one of them is gone."""
    if not set(before.columns) <= set(after.columns):
        return ""
    return rows.tally(Table(before.label, before.columns, after.model)).digest


def _remember(made: backup.Made, begun: datetime) -> None:
    BackupRun.objects.create(
        kind=BackupRun.Kind.BACKUP,
        asked_at=begun,
        finished_at=clock.now(),
        percent=100,
        file=str(made.path),
        size_bytes=made.size_bytes,
        counts=made.counts,
    )
