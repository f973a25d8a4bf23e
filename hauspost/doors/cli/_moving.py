"""Moving everything to another database, row by row, and proving that all of it arrived (P55.2)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from hauspost.ground.search import actions as search

TARGET = "target"
BATCH = 1_000
# Made anew on the other side: the index follows from its documents, sessions and locks do not move.
STAYS = {"sessions.Session", "search.SearchWord"}
MIGRATE_FILLS = {"contenttypes", "auth"}


@dataclass(frozen=True)
class Moved:
    """One kind of row: how many there were, and how many arrived."""

    kind: str
    there: int
    here: int


def move(database: dict[str, object], progress: Callable[[str, int], None] = lambda kind, count: None) -> list[Moved]:
    """Copy every row into an empty database of another kind. Raises ValueError when it is not empty.

    Nothing may write meanwhile; the caller has stopped the other processes.
    """
    connections.databases[TARGET] = connections.configure_settings({"default": database})["default"]
    call_command("migrate", database=TARGET, verbosity=0, interactive=False)
    models = _models()
    for model in models:
        if model._base_manager.using(TARGET).exists():
            raise ValueError(f"the other database is not empty: it has rows of {model._meta.label}")
    # Foreign keys are checked at the commit on both databases, so the order does not matter.
    with transaction.atomic(using=TARGET):
        moved = [_copy(model, progress) for model in models]
        _reset_sequences(models)
    search.rebuild(using=TARGET)
    return moved


def _models() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if model._meta.managed and model._meta.app_label not in MIGRATE_FILLS and model._meta.label not in STAYS
    ]


def _copy(model: type[Model], progress: Callable[[str, int], None]) -> Moved:
    source, target = model._base_manager.using(DEFAULT_DB_ALIAS), model._base_manager.using(TARGET)
    batch: list[Model] = []
    for row in source.order_by("pk").iterator(chunk_size=BATCH):
        batch.append(row)
        if len(batch) == BATCH:
            target.bulk_create(batch)
            progress(model._meta.label, len(batch))
            batch = []
    target.bulk_create(batch)
    progress(model._meta.label, len(batch))
    return Moved(model._meta.label, source.count(), target.count())


def _reset_sequences(models: list[type[Model]]) -> None:
    connection = connections[TARGET]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
