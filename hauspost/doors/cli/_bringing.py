"""What the commands that bring tables in have in common: reading, showing the plan, carrying it out, writing."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hauspost.doors.cli import _django

# So many rows of each kind are printed; the sums are of all.
SHOWN = 200


def mapping_of(given: Sequence[str]) -> dict[str, str]:
    """COLUMN=FIELD as {column: field}. Raises BadParameter."""
    pairs = [one.rpartition("=") for one in given]
    if wrong := [one for one, (column, sign, _field) in zip(given, pairs, strict=True) if not (column and sign)]:
        raise click.BadParameter(f"{wrong[0]!r} is not COLUMN=FIELD", param_hint="--map")
    return {column.strip(): name.strip() for column, _sign, name in pairs}


def bring_in(
    source: Path,
    *,
    plan_of: Callable[[bytes], Any],
    carry_out: Callable[..., Any],
    labels: Mapping[str, Any],
    dry_run: bool,
    yes: bool,
) -> int:
    """Plan, show, and do it unless it is a dry run. Exit status 1 when a row was left alone or something failed."""
    from hauspost.records.people.actor import Actor

    plan = plan_of(source.read_bytes())
    _show_columns(plan, labels)
    _show(plan, labels, every_field=dry_run)
    if dry_run:
        click.echo("Nothing was done: this was a dry run.")
        return 1 if plan.rejected else 0
    if plan.stops and not yes and not _agrees(plan.stops):
        return 1
    console = Actor(kind="system", via="cli")
    with click.progressbar(length=plan.steps, label="Working", file=sys.stderr) as bar:
        done = carry_out(plan, actor=console, confirmed=True, progress=bar.update)
    click.echo(f"{done.created} created, {done.changed} changed, {done.archived} archived.")
    _list("Failed", done.faults)
    for one in done.leavers[:SHOWN]:
        click.echo(f"Still open: {one.name} has {one.open_work} tickets or visits. Hand them over: Settings › People.")
    if len(done.leavers) > SHOWN:
        click.echo(f"… {len(done.leavers) - SHOWN} more with open work")
    return 1 if plan.rejected or done.faults else 0


def _agrees(stops: Iterable[str]) -> bool:
    for reason in stops:
        click.echo(f"Stop: {reason}.", err=True)
    if not sys.stdin.isatty():
        click.echo("Nothing was done. With --yes it goes on.", err=True)
        return False
    return click.confirm("Go on all the same?", default=False)


def _show_columns(plan: Any, labels: Mapping[str, Any]) -> None:
    for column, name in plan.columns.items():
        click.echo(f"Column {column!r} is {labels[name]}")
    if plan.ignored:
        click.echo("Not read: " + ", ".join(repr(column) for column in plan.ignored))


def _show(plan: Any, labels: Mapping[str, Any], *, every_field: bool) -> None:
    for name in plan.new_departments:
        click.echo(f"New department: {name}")
    for name in plan.new_places:
        click.echo(f"New place: {name}")
    if every_field:
        for words, planned in (("create", plan.created), ("change", plan.changed), ("archive", plan.archived)):
            for one in planned[:SHOWN]:
                click.echo(f"{words} {one.name}" + (f" (line {one.line})" if one.line else ""))
                for change in one.changes:
                    click.echo(f"    {labels[change.field]}: {change.before or '–'} → {change.after or '–'}")
            if len(planned) > SHOWN:
                click.echo(f"… {len(planned) - SHOWN} more to {words}")
    click.echo(
        f"To create {len(plan.created)}, to change {len(plan.changed)}, to archive {len(plan.archived)}, "
        f"as they are {plan.unchanged}, left alone {len(plan.rejected)}."
    )
    _list("Left alone", plan.rejected)
    _list("Left out of a row", plan.noted)


def _list(words: str, rows: Sequence[Any]) -> None:
    for one in rows[:SHOWN]:
        where = f"line {one.line}" if one.line else one.name
        name = f" ({one.name})" if one.line and one.name else ""
        click.echo(f"{words}: {where}{name}: {one.reason} {one.what_to_do}", err=True)
    if len(rows) > SHOWN:
        click.echo(f"… {len(rows) - SHOWN} more", err=True)


def write_out(pieces: Iterator[bytes], target: Path | None) -> None:
    """Write a file, or to standard output."""
    with _django.in_desks_language():
        _write(pieces, target)
    if target is not None:
        click.echo(f"Written to {target}.", err=True)


def _write(pieces: Iterator[bytes], target: Path | None) -> None:
    if target is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with target.open("wb") as file:
        for piece in pieces:
            file.write(piece)
