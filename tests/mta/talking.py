"""Asking a process of its own that knows the desk from inside: a line of JSON there, a line back."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tests.doors._running import REPOSITORY


class Talk:
    """The asking side. `module` is what runs there; it ends with `answer`."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**environment, "DJANGO_SETTINGS_MODULE": "hauspost.project.settings"},
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, what: str, *given: object) -> Any:
        """What the other side answers. Raises RuntimeError with its words when it cannot."""
        with self._turn:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps([what, *given]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        told = json.loads(line) if line else {"fault": "it has ended; its last words stand above"}
        if "fault" in told:
            raise RuntimeError(f"{what}: {told['fault']}")
        return told["answer"]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def answer(*does: Callable[..., Any]) -> None:
    """The answering side: does what it is asked for until nobody asks any more; a fault is an answer, too."""
    import django

    django.setup()
    from django.db import connection

    by_name = {one.__name__: one for one in does}
    for line in sys.stdin:
        name, *given = json.loads(line)
        try:
            told = {"answer": by_name[name](*given)}
        except Exception as fault:
            told = {"fault": f"{type(fault).__name__}: {fault}"}
            # A database that was away is asked anew.
            connection.close()
        print(json.dumps(told), flush=True)
