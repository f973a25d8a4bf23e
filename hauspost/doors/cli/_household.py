"""The process that loads the program once and forks listen, work and web from it: one import, shared memory."""

import gc
import importlib
import os
import socket
import sys
import time
from pathlib import Path

from hauspost.doors.cli import _django
from hauspost.doors.cli._supervisor import EX_CONFIG, Child, Supervisor, fork
from hauspost.ground import logs
from hauspost.ground.config import Config, split_listen

# What every process needs sooner or later; loaded before the fork it lies in memory once.
_SHARED = ("hauspost.project.wsgi", "hauspost.project.urls", "hauspost.doors.worker", "hauspost.doors.listeners.run")


def keep(folder: Path, *, is_fresh: bool) -> int:
    """Run everything until told to stop. `is_fresh`: the first start since `hauspost up`, which tells the address."""
    config = _django.set_up(folder)
    status = _prepare_database()
    if status or (config.demo and (status := in_child(_fill_demo))):
        return status
    _load_what_is_shared()
    children = [
        Child("listen", lambda: _listen(config), farewell_seconds=25),
        Child("work", _work, farewell_seconds=15),
        Child("web", lambda: _web(config), farewell_seconds=10),
    ]
    if is_fresh:
        children.append(Child("greeting", lambda: _greet(config), is_once=True))
    return Supervisor(children, say=_say).run()


def in_child(body: object) -> int:
    """Do something that loads much or opens the database in a process that ends with it; answers its exit status."""
    assert callable(body)
    _, status = os.waitpid(fork(body), 0)
    return os.waitstatus_to_exitcode(status)


def _prepare_database() -> int:
    from django.db import connections

    try:
        is_new = _django.is_database_new()
        fault = "" if is_new else _django.why_not_ready()
    except Exception as failure:
        print(f"The database cannot be reached: {failure}", file=sys.stderr)
        print("Check database_url, and that the server runs; `hauspost doctor` tells more.", file=sys.stderr)
        return 1
    finally:
        # An open connection must not cross a fork.
        connections.close_all()
    if fault:
        print(fault, file=sys.stderr)
        return EX_CONFIG
    if is_new:
        _say("Setting up the database …")
        return in_child(_django.migrate)
    return 0


def _fill_demo() -> int:
    import click

    from hauspost.doors.cli.demo import fill_once

    try:
        fill_once()
    except click.ClickException as refusal:
        print(refusal.message, file=sys.stderr)
        return EX_CONFIG
    return 0


def _load_what_is_shared() -> None:
    from django.db import connections

    for name in _SHARED:
        importlib.import_module(name)
    connections.close_all()
    gc.collect()
    # Frozen, these objects are not touched by later collections, so their pages stay shared.
    gc.freeze()


def _listen(config: Config) -> None:
    from hauspost.doors.listeners import run

    # Also where no door is open: mailboxes may be added in the settings at any time.
    run.run(config)


def _work() -> None:
    from hauspost.doors.cli.work import work

    work()


def _web(config: Config) -> None:
    from hauspost.doors.cli.web import serve

    serve(config)


def _greet(config: Config) -> None:
    """Once the pages answer: tell where, and the one-time link when there is no administrator yet (P17.4)."""
    host, port = split_listen(config.web_listen)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    else:
        _say("The pages do not answer yet; what stands above may say why.")
        return
    _say(f"Hauspost is ready: {config.public_url}")
    if config.smtp_listen:
        _say(f"Mail is taken at {config.smtp_listen} (SMTP).")
    from hauspost.records.people.actions import first_administrator_link

    if link := first_administrator_link():
        _say(f"There is no administrator yet. Open this link once to become the first:\n  {link}")
    if config.demo:
        from hauspost.doors.cli.demo import welcome

        _say(welcome(config.folder))
    _say("Ctrl-C ends it.")


def _say(words: str) -> None:
    from django.conf import settings

    logs.teller(settings.HAUSPOST.log_format)(words)
