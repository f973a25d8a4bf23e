"""Moving to the other database: everything arrives, and every chain still verifies there."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import running_server

ROOT = Path(__file__).parents[2]


def play(what: str, folder: Path, database_url: str, *words: str) -> str:
    """One scene in a process of its own, on the database of this address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HAUSPOST_", "DJANGO_"))}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "hauspost.project.settings",
        "HAUSPOST_FOLDER": str(folder),
        "HAUSPOST_DATABASE_URL": database_url,
        "HAUSPOST_COMPANY_DOMAINS": "lindner.example",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.stories.moving_scene", what, *words],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def postgres_database(name: str) -> str:
    import psycopg

    host = running_server()
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={host}"


@pytest.mark.once
@pytest.mark.parametrize("way", ["SQLite to PostgreSQL", "PostgreSQL to SQLite"])
def test_every_chain_verifies_after_a_move_to_the_other_database(tmp_path: Path, way: str) -> None:
    """P55.2: counts equal, digests equal, rows rebuilt from events, seals and search hold on the other side."""
    here, there = "sqlite", postgres_database("moved")
    if way.startswith("PostgreSQL"):
        here, there = there, here
    play("fill", tmp_path, here, str(tmp_path / "seals"))
    before: dict[str, Any] = json.loads(play("look", tmp_path, here))

    play("move", tmp_path, here, there, str(tmp_path / "data"))

    after = json.loads(play("look", tmp_path, there))
    assert after == before
    assert before["faults"] == [] and before["crooked"] == [] and before["found"]
    play("go_on", tmp_path, there)
    assert json.loads(play("look", tmp_path, there))["faults"] == []
