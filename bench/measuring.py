"""Clocks and medians: what one figure of the bench is."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# The CSRF token that the bench's browsers bring along.
SECRET = "b" * 32


@dataclass(frozen=True)
class Figure:
    """One measured thing. `value` is the median of CPU time where `unit` is "ms", else the figure itself.

    `wall`, `p95` and `wall_p95` are milliseconds too; `queries` counts database statements.
    """

    name: str
    value: float
    unit: str = "ms"
    p95: float | None = None
    wall: float | None = None
    wall_p95: float | None = None
    queries: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Clock:
    """Collects the CPU and wall time of something done many times."""

    cpu: list[float]
    wall: list[float]

    @classmethod
    def fresh(cls) -> "Clock":
        return cls([], [])

    def time(self, do: Callable[[], Any]) -> Any:
        """Do it once and note how long it took, in milliseconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        found = do()
        self.cpu.append((time.process_time() - cpu) * 1000)
        self.wall.append((time.perf_counter() - wall) * 1000)
        return found

    def add(self, other: "Clock") -> None:
        """Note as one thing what took several."""
        self.cpu.append(sum(other.cpu))
        self.wall.append(sum(other.wall))

    def less(self, other: "Clock") -> "Clock":
        """What is left of each thing without that part of it."""
        cpu = [whole - part for whole, part in zip(self.cpu, other.cpu, strict=True)]
        return Clock(cpu, [whole - part for whole, part in zip(self.wall, other.wall, strict=True)])

    def mean(self, name: str, things: int) -> Figure:
        """What was noted, shared out among so many things."""
        return Figure(name, sum(self.cpu) / things, wall=sum(self.wall) / things)

    def figure(self, name: str, queries: int | None = None) -> Figure:
        """Median and p95 of what was noted."""
        return Figure(
            name,
            statistics.median(self.cpu),
            p95=p95(self.cpu),
            wall=statistics.median(self.wall),
            wall_p95=p95(self.wall),
            queries=queries,
        )


def p95(samples: Sequence[float]) -> float:
    """The value that 95 of 100 samples do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
