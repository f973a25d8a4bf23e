"""Brings up Django for a command; imported late, so that help and refusals answer at once."""

import os
from contextlib import AbstractContextManager
from pathlib import Path

import click

from hauspost.ground.config import Config, load


def set_up(folder: Path) -> Config:
    """Load the settings of a folder and bring Django up with them. Raises ConfigFault."""
    config = load(folder)
    os.environ["HAUSPOST_FOLDER"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hauspost.project.settings")
    import django

    django.setup()
    return config


def speak_english() -> None:
    """Until the command ends: it speaks English whatever the desk speaks, and refusals from below with it."""
    from django.utils import translation

    context = click.get_current_context(silent=True)
    if context is not None:
        context.with_resource(translation.override("en"))


def in_desks_language() -> AbstractContextManager[None]:
    """For files that a command writes for the people of the desk."""
    from django.conf import settings
    from django.utils import translation

    return translation.override(settings.LANGUAGE_CODE)


def lacks_file() -> bool:
    """Whether SQLite has no file yet; looked at without making one."""
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    return (
        connection.vendor == "sqlite"
        and ":memory:" not in name
        and "mode=memory" not in name
        and not Path(name).exists()
    )


def is_database_new() -> bool:
    """Whether no migration has ever run. Raises what the database raises when it cannot be reached."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return lacks_file() or not MigrationRecorder(connection).has_table()


def pending_migrations() -> list[str]:
    """The migrations that the program has and the database has not (P19.1)."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def why_not_ready() -> str:
    """Why this program cannot serve this database, with the command that mends it; "" when it can (P19.1)."""
    if is_database_new():
        return "There is no database yet. Run: hauspost migrate"
    if unknown := unknown_migrations():
        return (
            f"The database is newer than this program: it has {', '.join(unknown[:3])}. Install the newer version "
            f"again, or restore the backup made before the upgrade: hauspost restore"
        )
    if pending := pending_migrations():
        return f"The database is older than this program: {len(pending)} migrations are pending.\nRun: hauspost upgrade"
    return ""


def unknown_migrations() -> list[str]:
    """The migrations that the database has and the program has not: a newer version was here."""
    from hauspost.duties.keeping import rows

    return rows.unknown_to_us(rows.schema())


def migrate(verbosity: int = 0) -> None:
    """Bring the database to what this program expects."""
    from django.core.management import call_command

    call_command("migrate", verbosity=verbosity, interactive=False)
    # The states that every desk begins with; those it has already stay as they are.
    from hauspost.records.people.actor import Actor
    from hauspost.records.tickets.company import add_first_statuses

    add_first_statuses(actor=Actor(kind="system", name="set up", via="cli"))
