"""`bin/bench`: seeds desks of several sizes on both databases, measures, and prints a table for each."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence

import click

from bench import big, journal, report, serving
from bench.measuring import Figure
from bench.places import Desk, copied, seeded
from bench.reading import read_corpora

PARTS: dict[str, Callable[[Desk], list[Figure]]] = {
    "mail": lambda desk: [*_inside(desk, "mail"), *read_corpora(), *journal.journal(desk)],
    "pages": lambda desk: _inside(desk, "pages"),
    "serving": serving.throughput,
    "memory": serving.memory,
    "big": big.measure,
}
_UNITS = {"k": 1_000, "m": 1_000_000}


def _size(text: str) -> int:
    """10k, 1M or 2500. Raises BadParameter."""
    clean = text.strip().lower()
    number, times = (clean[:-1], _UNITS[clean[-1]]) if clean[-1:] in _UNITS else (clean, 1)
    if not number.isdecimal() or not int(number):
        raise click.BadParameter(f"{text!r} is not a number of tickets; say 10k, 100k or 1M")
    return int(number) * times


def _sizes(_context: click.Context, _parameter: click.Parameter, text: str) -> list[int]:
    return sorted({_size(one) for one in text.split(",")})


def _databases(_context: click.Context, _parameter: click.Parameter, text: str) -> list[str]:
    found = [one.strip() for one in text.split(",")]
    if wrong := set(found) - {"sqlite", "postgres"}:
        raise click.BadParameter(f"{', '.join(sorted(wrong))}: only sqlite and postgres are known")
    return found


@click.command()
@click.argument("part", type=click.Choice(["all", "seed", "sql", "profile", "table", *PARTS]), default="all")
@click.option("--sizes", default="10k,100k", callback=_sizes, show_default=True, help="Tickets; 1M takes a while.")
@click.option("--databases", default="sqlite,postgres", callback=_databases, show_default=True)
@click.option("--of", "what", type=click.Choice(["mail", "pages"]), default="mail", help="What `profile` looks at.")
def main(part: str, sizes: list[int], databases: list[str], what: str) -> None:
    """Measure Hauspost. PART: one of the measurements alone, seed, table (what was measured before), sql (the statements
    of a mail) or profile (the functions in which the time goes)."""
    for database in databases:
        smaller = None
        for tickets in sizes:
            try:
                smaller = _table_of(part, Desk(database, tickets, ""), smaller, what)
            except subprocess.CalledProcessError as ended:
                where = f"{database}, {tickets:,} tickets"
                raise click.ClickException(
                    f"{where}: ended with {ended.returncode}; what it said stands above"
                ) from None


def _table_of(part: str, wanted: Desk, smaller: Desk | None, what: str) -> Desk:
    if part == "table":
        click.echo(report.table(wanted, smaller))
        return wanted
    desk = _seeded(wanted)
    if part in ("sql", "profile"):
        with copied(desk) as copy:
            click.echo(copy.run("statements", "200") if part == "sql" else copy.run("profile", what, "100"))
    elif part != "seed":
        _measure(desk, list(PARTS) if part == "all" else [part])
        click.echo(report.table(desk, smaller))
    return desk


def _seeded(wanted: Desk) -> Desk:
    begun = time.monotonic()
    desk = seeded(wanted.database, wanted.tickets)
    seconds = time.monotonic() - begun
    if seconds > 2:
        click.echo(f"Seeded {desk.tickets:,} tickets on {desk.database} in {seconds:.0f} s.", err=True)
    return desk


def _measure(desk: Desk, parts: Sequence[str]) -> None:
    """Each part on a copy of its own, so that none measures what another has left."""
    for part in parts:
        click.echo(f"  {desk.database}, {desk.tickets:,} tickets: {part} …", err=True)
        with copied(desk) as copy:
            report.keep(desk, part, PARTS[part](copy))


def _inside(desk: Desk, what: str) -> list[Figure]:
    return [Figure(**figure) for figure in json.loads(desk.run(what).splitlines()[-1])]


if __name__ == "__main__":
    main()
