"""How Django reaches the one database: SQLite in the data folder, or PostgreSQL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit


def settings_of(url: str, data: Path) -> dict[str, object]:
    """The one database: SQLite with durable, immediate transactions, or PostgreSQL."""
    if url == "sqlite":
        return {
            # Django's own, with writers that take turns.
            "ENGINE": "hauspost.ground.sqlite",
            "NAME": str(data / "hauspost.sqlite3"),
            "OPTIONS": {
                # Measured: DEFERRED transactions meet lock errors, NORMAL may lose the last commits on power loss.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # A mail's way alone has 60 statements, the pages have more; 128 were not enough to keep them prepared.
                "cached_statements": 500,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-20000;"
                "PRAGMA temp_store=MEMORY;PRAGMA mmap_size=268435456",
            },
            "CONN_MAX_AGE": None,
        }
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or unquote(query.get("host", "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
