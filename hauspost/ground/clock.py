"""The one place that is asked for the time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _real() -> datetime:
    return datetime.now(UTC)


_tell: Callable[[], datetime] = _real


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _tell()


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the clock stand at a moment, for imports, the demo's history and tests."""
    global _tell
    before, _tell = _tell, lambda: moment
    try:
        yield
    finally:
        _tell = before
