"""What runs inside a desk's own environment: seeding it and measuring it; started by bench.places, never by hand."""

import cProfile
import json
import pstats
import sys
from collections.abc import Callable, Sequence

import django


def main(arguments: Sequence[str]) -> None:
    """Do one of `DOES`; figures go to stdout as JSON, progress to stderr."""
    django.setup()
    DOES[arguments[0]](*arguments[1:])


def _seed(tickets: str) -> None:
    from django.core.management import call_command

    from bench.seeding import seed

    call_command("migrate", verbosity=0)
    seed(int(tickets), helpers=2, say=lambda words: print(f"  {words}", file=sys.stderr, flush=True))


def _mail(number: str = "2000") -> None:
    from bench.intake import measure

    print(json.dumps([figure.as_json() for figure in measure(int(number))]))


def _pages(times: str = "60") -> None:
    from bench.pages import measure

    print(json.dumps([figure.as_json() for figure in measure(int(times))]))


def _statements(number: str = "200") -> None:
    from bench.intake import statements

    print("\n".join(statements(int(number))))


def _profile(what: str, number: str) -> None:
    """The functions in which the time of a measurement goes."""
    profile = cProfile.Profile()
    profile.enable()
    if what == "mail":
        from bench.intake import measure

        measure(int(number))
    else:
        from bench.pages import measure as measure_pages

        measure_pages(int(number))
    profile.disable()
    stats = pstats.Stats(profile)
    stats.sort_stats("cumtime").print_stats("/hauspost/", 60)
    stats.sort_stats("tottime").print_stats(30)


def _visitor() -> None:
    """A session at the real pages: what a client has to send, and which tickets it may ask for."""
    from bench.company import read
    from bench.pages import Visitor, some_tickets

    visitor = Visitor(read().dispatcher)
    print(json.dumps({"cookie": visitor.cookie, "tickets": some_tickets(200)}))


def _load(what: str, *arguments: str) -> None:
    from bench import load_inside

    getattr(load_inside, what)(*arguments)


DOES: dict[str, Callable[..., None]] = {
    "seed": _seed,
    "mail": _mail,
    "pages": _pages,
    "statements": _statements,
    "profile": _profile,
    "visitor": _visitor,
    "load-prepare": lambda *arguments: _load("prepare", *arguments),
    "load-quiet": lambda: _load("quiet"),
    "load-check": lambda folder: _load("check", folder),
}

if __name__ == "__main__":
    main(sys.argv[1:])
