"""Measures the way of a mail: kept, read, filed, acknowledged, and the desk told; with its SQL statements on wish."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

from django.db import DEFAULT_DB_ALIAS, connection, connections

from bench.company import Company, read
from bench.mails import Asked, Correspondent, Mail, mixed
from bench.measuring import Clock, Figure
from hauspost.duties.intake.actions import Envelope, deliver_next, keep
from hauspost.duties.intake.models import Delivery
from hauspost.duties.reactions import running, table
from hauspost.duties.reactions.running import react_next
from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.mail.addresses import plus_address
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Entry, Ticket

MAIL = "mail, from 250 to filed and acknowledged"
# So many mails come at once and share a commit.
_AT_ONCE = 10
_LITERAL = re.compile(r"'[^']*'|\"s\d+_x\d+\"|\b\d+\b|%s(?:, %s)+|(?:\(…\), )+\(…\)")


def prepared(number: int, seed: int = 1) -> list[Mail]:
    """Mixed mails for the seeded desk."""
    company = read()
    openings = [
        (_correspondent(company, who), company.intake[team.id]) for team in company.teams for who in company.requesters
    ]
    return mixed(number, seed=seed, at=clock.now(), openings=openings, asked=_asked(company))


def _correspondent(company: Company, person: Person) -> Correspondent:
    return Correspondent(person.name, company.addresses[person.id], person.language)


def _asked(company: Company) -> list[Asked]:
    """The youngest open tickets that were answered by the desk."""
    tickets = Ticket.objects.open().filter(answered_at__isnull=False).select_related("requester").order_by("-number")
    found = []
    for ticket in tickets[:1000]:
        mail = OutgoingMail.objects.filter(stream=ticket.stream, kind="reply").order_by("-id").first()
        if mail is None:
            continue
        text = Entry.objects.filter(id=mail.entry).values_list("text", flat=True).get()
        address = plus_address(ticket.intake_address, ticket.number, mail.entry, tokens.ring())
        who = _correspondent(company, ticket.requester)
        found.append(Asked(who, mail.message_id, f"{ticket.subject} [#{ticket.number}]", address, text))
    return found


def envelopes(mails: Sequence[Mail], run: str) -> list[Envelope]:
    """The mails as a listener hands them in."""
    return [
        Envelope(
            raw=mail.raw,
            size_bytes=len(mail.raw),
            mail_from=mail.sender,
            recipients=(mail.recipient,),
            via="smtp",
            source="127.0.0.1",
            transaction=f"{run}-{number}",
            is_trusted_relay=True,
            received_at=clock.now(),
        )
        for number, mail in enumerate(mails)
    ]


@dataclass
class Taken:
    """What taking many mails cost, step by step."""

    keeping: Clock
    filing: Clock
    # What followed from events, all in all, and of that the reactions that tell the desk.
    following: Clock
    telling: Clock
    kept: list[int]
    seconds: float


def measure(number: int = 2000) -> list[Figure]:
    """Mails per second and CPU a mail, from kept to filed and acknowledgement queued; then what else follows."""
    take(prepared(100, seed=2), "warm")
    mails = prepared(number)
    taken = take(mails, "run")
    ended = Counter(Delivery.objects.filter(id__in=taken.kept).values_list("disposition", flat=True))
    acknowledgements = OutgoingMail.objects.filter(
        kind="acknowledgement", entry__in=Delivery.objects.filter(id__in=taken.kept).values("entry")
    ).count()
    acknowledging = [
        sum(taken.following.cpu) - sum(taken.telling.cpu),
        sum(taken.following.wall) - sum(taken.telling.wall),
    ]
    reading = Clock.fresh()
    for mail in mails[:500]:
        reading.time(partial(read_letter, mail.raw))
    return [
        Figure(
            MAIL,
            (sum(taken.filing.cpu) + acknowledging[0]) / number,
            wall=(sum(taken.filing.wall) + acknowledging[1]) / number,
        ),
        Figure(
            "mails filed and acknowledged a second", number / (sum(taken.filing.wall) + acknowledging[1]) * 1000, "/s"
        ),
        Figure("mails a second, the desk told as well", number / taken.seconds, "/s"),
        taken.keeping.mean("  kept, before 250", number),
        taken.filing.mean("  filed", number),
        reading.mean("    of it read", len(reading.cpu)),
        Figure("  acknowledged", acknowledging[0] / number, wall=acknowledging[1] / number),
        taken.telling.mean("  the desk told (notices)", number),
        Figure("mails: new tickets", ended["ticket"], ""),
        Figure("mails: answers", ended["answer"], ""),
        Figure("mails: anything else", number - ended["ticket"] - ended["answer"], ""),
        Figure("mails: acknowledgements queued", acknowledgements, ""),
    ]


def take(mails: Sequence[Mail], run: str) -> Taken:
    """Keep the mails, then do what the worker does, each step on its clock."""
    taken = Taken(Clock.fresh(), Clock.fresh(), Clock.fresh(), Clock.fresh(), [], 0)
    arrived = envelopes(mails, run)
    for start in range(0, len(arrived), _AT_ONCE):
        taken.kept += taken.keeping.time(partial(keep, arrived[start : start + _AT_ONCE]))
    begun = time.perf_counter()
    with _telling_timed(taken.telling):
        while taken.filing.time(deliver_next) + taken.following.time(react_next):
            pass
    taken.seconds = time.perf_counter() - begun
    return taken


@contextmanager
def _telling_timed(clock_: Clock) -> Iterator[None]:
    """Has every reaction but the acknowledgement run on a clock of its own."""

    def timed(reaction: Callable[[Event], None]) -> Callable[[Event], None]:
        return lambda event: clock_.time(lambda: reaction(event))

    reactions = {name: one if name == "acknowledge" else timed(one) for name, one in table.BY_NAME.items()}
    with patch.object(running, "BY_NAME", reactions):
        yield


def statements(number: int = 200) -> list[str]:
    """The SQL statements of a mail: how many a mail, and microseconds each; filing first, then what follows."""
    take(prepared(50, seed=3), "warm")
    arrived, lines = envelopes(prepared(number, seed=4), "sql"), []
    keep(arrived)
    for title, step in (("filing", deliver_next), ("acknowledging and telling", react_next)):
        with _noted() as noted:
            while step():
                pass
        lines += [f"{title}:", *_told(noted, number)]
    return lines


@contextmanager
def _noted() -> Iterator[dict[str, list[float]]]:
    """Notes each statement of the connection, and each commit, in microseconds."""
    noted: dict[str, list[float]] = defaultdict(list)

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            noted[_LITERAL.sub("…", sql)].append((time.perf_counter() - begun) * 1e6)

    database: Any = connections[DEFAULT_DB_ALIAS]
    commit = database._commit

    def timed_commit() -> None:
        begun = time.perf_counter()
        commit()
        noted["COMMIT"].append((time.perf_counter() - begun) * 1e6)

    database._commit = timed_commit
    try:
        with connection.execute_wrapper(wrapper):
            yield noted
    finally:
        del database._commit


def _told(noted: dict[str, list[float]], number: int) -> list[str]:
    total = sum(map(len, noted.values())), sum(map(sum, noted.values()))
    lines = [f"  {total[0] / number:6.2f} a mail  {total[1] / number:8.0f} µs a mail"]
    for sql, times in sorted(noted.items(), key=lambda item: -sum(item[1])):
        lines.append(f"  {len(times) / number:6.2f} a mail  {sum(times) / len(times):8.0f} µs each  {sql[:170]}")
    return lines
