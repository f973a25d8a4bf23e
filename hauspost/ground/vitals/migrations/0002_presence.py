"""Who is at what right now, on PostgreSQL: a table that is never written to the log. SQLite has a file of its own for it."""

from typing import Any

from django.db import migrations

MAKE = """
CREATE UNLOGGED TABLE presence (
    place text NOT NULL, who text NOT NULL, doing text NOT NULL, seen_at double precision NOT NULL, PRIMARY KEY (place, who)
);
CREATE INDEX presence_by_age ON presence (seen_at);
"""


def on_postgresql(sql: str) -> Any:
    def run(apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(sql)

    return run


class Migration(migrations.Migration):
    dependencies = [("vitals", "0001_initial")]
    operations = [migrations.RunPython(on_postgresql(MAKE), on_postgresql("DROP TABLE presence"))]
