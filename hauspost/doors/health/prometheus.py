"""The figures in the text format of Prometheus. Imported late: only whoever is asked for it needs the library.

All come from the database at the moment of the question, so any of several web processes gives the same answer.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from hauspost.doors.health.figures import Figure, figures

__all__ = ["CONTENT_TYPE", "text"]


class _Desk(Collector):
    def collect(self) -> Iterator[Metric]:
        for figure in figures():
            yield _family(figure)

    def describe(self) -> Iterator[Metric]:
        # Without it the registry would ask for all numbers once more, only to know their names.
        return iter(())


def text() -> bytes:
    """The whole page."""
    registry = CollectorRegistry()
    registry.register(_Desk())
    return generate_latest(registry)


def _family(figure: Figure) -> Metric:
    kind = CounterMetricFamily if figure.is_counter else GaugeMetricFamily
    labels = list(figure.samples[0][0]) if figure.samples else []
    family = kind(figure.name, figure.words, labels=labels)
    for told, value in figure.samples:
        family.add_metric([told[label] for label in labels], value)
    return family
