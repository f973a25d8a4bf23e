"""The process that serves the pages."""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from typing import Any

from hauspost.doors.cli._supervisor import die_with_parent
from hauspost.ground import logs
from hauspost.ground.config import Config, split_listen

_FAREWELL_SECONDS = 8

_main_process = 0


def serve(config: Config) -> None:
    """Serve until SIGTERM; requests in progress are finished."""
    global _main_process
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    if sys.platform == "linux":
        # Forked, the workers share what is loaded; Python 3.14 would start them empty.
        multiprocessing.set_start_method("fork", force=True)
    _main_process = os.getpid()
    logs.speak_as("web")
    host, port = split_listen(config.web_listen)
    server = Server(
        "hauspost.project.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=config.web_workers,
        blocking_threads=config.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=_FAREWELL_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=logs.granians(),
    )
    server.serve(target_loader=load_application, wrap_loader=False)


def load_application() -> Callable[..., Any]:
    """The application, in the worker's own process, which must not outlive its main: it would keep the port."""
    if _main_process:
        die_with_parent(_main_process)
    # By its name, as the project stands above the doors.
    application: Callable[..., Any] = importlib.import_module("hauspost.project.wsgi").application
    return application
