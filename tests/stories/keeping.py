"""Playing scenes and commands on a desk of its own, on either database."""

import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import running_server

ROOT = Path(__file__).parents[2]


def environment(folder: Path, database_url: str = "", **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HAUSPOST_", "DJANGO_"))}
    kept |= {
        "DJANGO_SETTINGS_MODULE": "hauspost.project.settings",
        "HAUSPOST_FOLDER": str(folder),
        "HAUSPOST_COMPANY_DOMAINS": "lindner.example",
        "PYTHONPATH": str(ROOT),
    }
    return kept | ({"HAUSPOST_DATABASE_URL": database_url} if database_url else {}) | more


def play(what: str, folder: Path, database_url: str = "", *words: str, status: int = 0) -> str:
    """One scene in a process of its own, on the database of this address; answers all its words."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.stories.keeping_scene", what, *words],
        env=environment(folder, database_url),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if not status else done.stdout + done.stderr


def command(folder: Path, *arguments: str, database_url: str = "", status: int = 0, **more: str) -> str:
    """`hauspost …` on a desk; answers all its words."""
    done = subprocess.run(
        [sys.executable, "-m", "hauspost", "--folder", str(folder), *arguments],
        env=environment(folder, database_url, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def postgres_database(name: str) -> str:
    """A fresh, empty database on the tests' own server."""
    import psycopg

    host = running_server()
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={host}"
