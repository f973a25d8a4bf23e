"""The house itself: what a machine can check of its order."""

import ast
import re
from pathlib import Path

import grimp
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

HOUSE = Path(__file__).parents[1] / "hauspost"
SOURCES = sorted(path for path in HOUSE.rglob("*.py") if "migrations" not in path.parts)


def test_inner_workings_are_nobody_elses() -> None:
    """`_name.py` belongs to its own room."""
    graph = grimp.build_graph("hauspost")
    strangers = []
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            private = re.match(r"(hauspost(?:\.[a-z0-9]\w*)+)\._[a-z]\w*", imported)
            room = ".".join(imported.split(".")[:3])
            if private and module != room and not module.startswith(f"{room}."):
                strangers.append(f"{module} imports {imported}")
    assert strangers == []


def test_every_module_opens_with_one_sentence() -> None:
    silent = [
        str(path.relative_to(HOUSE))
        for path in SOURCES
        if path.name != "apps.py" and path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_models_and_migrations_agree() -> None:
    connection_executor = MigrationExecutor(None)
    autodetector = MigrationAutodetector(connection_executor.loader.project_state(), ProjectState.from_apps(apps))
    changes = autodetector.changes(graph=connection_executor.loader.graph)
    assert {label: [str(change) for change in found] for label, found in changes.items()} == {}


@pytest.mark.django_db(transaction=True)
def test_every_migration_goes_back_and_forth() -> None:
    """Migrations are reversible on both databases."""
    ours = [
        "keeping",
        "notices",
        "intake",
        "tickets",
        "catalogue",
        "places",
        "people",
        "mail",
        "search",
        "files",
        "history",
        "vitals",
        "accounts",
    ]
    for label in ours:
        call_command("migrate", label, "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert "tickets_ticket" in tables


def test_no_verb_of_the_house_hides_behind_a_signal() -> None:
    """No signals for domain logic; DDL after migrations is the one exception."""
    using = [
        str(path.relative_to(HOUSE))
        for path in SOURCES
        if re.search(r"\b(pre_save|post_save|pre_delete|post_delete|m2m_changed|receiver)\b", path.read_text())
    ]
    assert using == []
