"""Brings up Django for a command; imported late, so that help and refusals answer at once."""

import os
from pathlib import Path

from hauspost.ground.config import Config, load


def set_up(folder: Path) -> Config:
    """Load the settings of a folder and bring Django up with them. Raises ConfigFault."""
    config = load(folder)
    os.environ["HAUSPOST_FOLDER"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hauspost.project.settings")
    import django

    django.setup()
    return config


def is_database_new() -> bool:
    """Whether no migration has ever run. Raises what the database raises when it cannot be reached."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return not MigrationRecorder(connection).has_table()


def pending_migrations() -> list[str]:
    """The migrations that the program has and the database has not (P19.1)."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate(verbosity: int = 0) -> None:
    """Bring the database to what this program expects."""
    from django.core.management import call_command

    call_command("migrate", verbosity=verbosity, interactive=False)
    # The states that every desk begins with; those it has already stay as they are.
    from hauspost.records.people.actor import Actor
    from hauspost.records.tickets.company import add_first_statuses

    add_first_statuses(actor=Actor(kind="system", name="set up", via="cli"))
