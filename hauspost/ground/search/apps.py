"""The search room as Django sees it; the database's own search structures are put in place after every migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _put_in_place(sender: AppConfig, using: str, **_: Any) -> None:
    # On SQLite an AlterField rebuilds the table and silently drops its triggers; no migration may leave search lagging.
    from hauspost.ground.search.actions import ensure_ddl

    ensure_ddl(using=using)


class SearchConfig(AppConfig):
    name = "hauspost.ground.search"
    label = "search"

    def ready(self) -> None:
        """Have the structures checked after each migration of this room (DDL, no domain logic)."""
        post_migrate.connect(_put_in_place, sender=self)
