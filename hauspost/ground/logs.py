"""The log: one line for each thing that happened, as text or JSON, and never a personal text (S21).

What may stand in a line: ids, codes, numbers, names of routes, uids. Not: subjects, names, addresses, texts, tokens,
paths as they were asked. So the words of exceptions are left out unless they cannot hold any of that; where it
happened stays.
"""

import json
import logging
import logging.config
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

# Whose messages hold only what their authors meant for a log; of others we show the template without its arguments.
_TRUSTED = ("hauspost", "_granian", "granian", "py")
# Exceptions whose words name only parts of the program.
_PLAIN = (AttributeError, ImportError, NameError, RecursionError, MemoryError, NotImplementedError)
_LONGEST = 500
_HEAD = ("time", "level", "process", "logger", "event")

_context: ContextVar[Mapping[str, object]] = ContextVar("log", default={})  # noqa: B039  It is never changed in place.
_process = "hauspost"


def configure(wanted: Mapping[str, Any]) -> None:
    """Django's LOGGING_CONFIG: `wanted["format"]` is "text" or "json"."""
    formatter = JsonLines if wanted["format"] == "json" else Lines
    told = {"handlers": [], "propagate": True}
    # Django's own lines about requests repeat the path, which may hold a token; ours tell the route (RequestLog).
    silent = {"handlers": [], "propagate": False, "level": "CRITICAL"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
            "loggers": {
                "hauspost": {"level": "INFO"},
                "mail.log": {"level": "ERROR"},
                "django": {**told, "level": "WARNING"},
                "django.request": silent,
                "django.security": silent,
                "django.server": silent,
            },
        }
    )
    logging.captureWarnings(True)


def speak_as(process: str) -> None:
    """From here on this process is "web", "work" or "listen"; what kills its threads is told in the log, too."""
    global _process
    _process = process
    log = logging.getLogger("hauspost.process")

    def thread_died(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None and not isinstance(fault.exc_value, SystemExit):
            log.critical("a thread died", exc_info=fault.exc_value)

    def never_caught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        log.critical("the process died", exc_info=(kind, fault, trace))

    threading.excepthook, sys.excepthook = thread_died, never_caught


def tell_death(fault: BaseException) -> None:
    """Say why this process ends, in the form of the log, also where none has been configured yet."""
    record = logging.getLogger("hauspost.process").makeRecord(
        "hauspost.process", logging.CRITICAL, "", 0, "the process died", (), (type(fault), fault, fault.__traceback__)
    )
    formatters = [hand.formatter for hand in logging.getLogger().handlers if hand.formatter is not None]
    ours = [one for one in formatters if isinstance(one, Lines | JsonLines)]
    print((ours or [Lines()])[0].format(record), file=sys.stderr, flush=True)


@contextmanager
def about(**facts: object) -> Iterator[None]:
    """Let every line from within carry these facts: `with about(request="3fa9c2d1"): …`."""
    token = _context.set({**_context.get(), **facts})
    try:
        yield
    finally:
        _context.reset(token)


def facts(**told: object) -> dict[str, object]:
    """What one line tells besides its event: `log.info("request", extra=facts(status=200))`."""
    return {"facts": told}


def granians() -> dict[str, Any]:
    """Granian's lines go our way: no handlers of its own."""
    quiet = {"propagate": True, "level": "WARNING"}
    # Incremental: only these two are set, and ours stay as they are.
    loggers = {"_granian": quiet, "granian.access": quiet}
    return {"incremental": True, "formatters": {}, "handlers": {}, "loggers": loggers}


def teller(log_format: str) -> Callable[[str], None]:
    """How a process that keeps others speaks to whoever started it: plain words, or JSON where all lines are."""

    def tell(words: str) -> None:
        print(words, flush=True)

    def tell_json(words: str) -> None:
        head = {"time": _moment(datetime.now(UTC)), "level": "info", "process": _process, "logger": "hauspost.process"}
        print(json.dumps({**head, "event": words}, ensure_ascii=False), flush=True)

    return tell_json if log_format == "json" else tell


class Lines(logging.Formatter):
    """`2026-11-24T09:12:05.123Z info web hauspost.pages request method=GET route=mine status=200`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and one more for each step of a traceback."""
        told = told_by(record)
        head = " ".join(str(told.pop(name)).replace("\n", " ") for name in _HEAD)
        trace = told.pop("trace", ())
        assert isinstance(trace, list | tuple)
        shown = "".join(f" {name}={_one_word(fact)}" for name, fact in told.items())
        return "\n    ".join([f"{head}{shown}", *trace])


class JsonLines(logging.Formatter):
    """The same as one JSON object a line; `trace` is a list."""

    def __init__(self) -> None:
        super().__init__()
        # Late: it takes a third of a second, and most logs are text.
        from structlog.processors import JSONRenderer

        self._render = JSONRenderer(ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return str(self._render(None, "", told_by(record)))


def told_by(record: logging.LogRecord) -> dict[str, object]:
    """Everything one line tells, in its order: time (UTC), level, process, logger, event, then facts."""
    told: dict[str, object] = {
        "time": _moment(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname.lower(),
        "process": _process,
        "logger": record.name,
        "event": _event(record),
        **_context.get(),
        **getattr(record, "facts", {}),
    }
    if record.exc_info and isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
        told["fault"] = in_words(record.exc_info[1])
        told["trace"] = _steps(record.exc_info[1])
    return told


def in_words(fault: BaseException) -> str:
    """An exception by its kind, with its words only where they cannot hold a personal text."""
    kind = type(fault).__name__
    if isinstance(fault, OSError) and fault.strerror:
        # Without the file's name.
        return f"{kind}: {fault.strerror}"
    if (code := getattr(fault, "sqlstate", None) or getattr(fault.__cause__, "sqlstate", None)) is not None:
        return f"{kind}: {code}"
    if isinstance(code := getattr(fault, "code", None), str) and code.isascii() and len(code) < 60 and " " not in code:
        # A refusal's code: the words may name a person.
        return f"{kind}: {code}"
    if isinstance(fault, _PLAIN) or kind in ("OperationalError", "InterfaceError", "ConfigFault", "UndefinedError"):
        return f"{kind}: {str(fault).strip().splitlines()[0][:_LONGEST]}" if str(fault).strip() else kind
    return kind


def _event(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] not in _TRUSTED:
        # asyncio puts the fault's own words into the lines after the first.
        return str(record.msg).partition("\n")[0][:_LONGEST]
    if not record.args:
        return str(record.msg)
    shown = record.args
    if isinstance(shown, tuple):
        shown = tuple(in_words(one) if isinstance(one, BaseException) else one for one in shown)
    return str(record.msg) % shown


def _steps(fault: BaseException) -> list[str]:
    """Where it happened, innermost last; what caused it comes first, as Python tells it."""
    chain: list[BaseException] = []
    link: BaseException | None = fault
    while link is not None and link not in chain and len(chain) < 5:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    steps = []
    for link in reversed(chain):
        for frame in traceback.extract_tb(link.__traceback__):
            steps.append(f"{frame.filename}:{frame.lineno} {frame.name}")
        steps.append(in_words(link))
    return steps


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _one_word(fact: object) -> str:
    text = str(fact)
    return text if text and not any(letter.isspace() or letter == '"' for letter in text) else json.dumps(text)
