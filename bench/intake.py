"""Measures the way of a mail: kept, read, filed, acknowledged, and the desk told; with its SQL statements on wish."""

import re
import statistics
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
from bench.measuring import Clock, Figure, p95
from hauspost.duties.intake import actions as intake
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
    """What taking many mails cost, step by step; `filing` and what follows mail by mail."""

    keeping: Clock
    filing: Clock
    # What followed from a mail's event, and of that the reactions that tell the desk.
    following: Clock
    telling: Clock
    # All that the worker did, with what it asks for many mails at once.
    working: Clock
    kept: list[int]
    seconds: float

    def to_acknowledged(self, kind: str) -> list[float]:
        """From 250 to filed and acknowledged, "cpu" or "wall", in milliseconds, for each mail.

        What the worker asks for many mails at once is shared out among them.
        """
        filing, following, telling = (getattr(one, kind) for one in (self.filing, self.following, self.telling))
        shared = (sum(getattr(self.working, kind)) - sum(filing) - sum(following)) / len(self.kept)
        return [
            filed + followed - told + shared for filed, followed, told in zip(filing, following, telling, strict=True)
        ]


def measure(number: int = 2000) -> list[Figure]:
    """Mails per second and CPU a mail, from kept to filed and acknowledgement queued; then what else follows."""
    take(prepared(100, seed=2), "warm")
    mails = prepared(number)
    taken = take(mails, "run")
    ended = Counter(Delivery.objects.filter(id__in=taken.kept).values_list("disposition", flat=True))
    acknowledgements = OutgoingMail.objects.filter(
        kind="acknowledgement", entry__in=Delivery.objects.filter(id__in=taken.kept).values("entry")
    ).count()
    cpu, wall = taken.to_acknowledged("cpu"), taken.to_acknowledged("wall")
    reading = Clock.fresh()
    for mail in mails[:500]:
        reading.time(partial(read_letter, mail.raw))
    return [
        Figure(MAIL, statistics.median(cpu), p95=p95(cpu), wall=statistics.median(wall), wall_p95=p95(wall)),
        Figure("  the mean of the same", statistics.fmean(cpu), wall=statistics.fmean(wall)),
        Figure("mails filed and acknowledged a second", number / sum(wall) * 1000, "/s"),
        Figure("mails a second, the desk told as well", number / taken.seconds, "/s"),
        taken.keeping.mean("  kept, before 250", number),
        taken.filing.figure("  filed"),
        reading.figure("    of it read"),
        taken.following.less(taken.telling).mean("  acknowledged", number),
        taken.telling.mean("  the desk told (notices)", number),
        Figure("mails: new tickets", ended["ticket"], ""),
        Figure("mails: answers", ended["answer"], ""),
        Figure("mails: anything else", number - ended["ticket"] - ended["answer"], ""),
        Figure("mails: acknowledgements queued", acknowledgements, ""),
    ]


def take(mails: Sequence[Mail], run: str) -> Taken:
    """Keep the mails, then do what the worker does, each step on its clock."""
    keeping, filing, following, telling, working = (Clock.fresh() for _ in range(5))
    taken = Taken(keeping, filing, following, telling, working, [], 0)
    arrived = envelopes(mails, run)
    for start in range(0, len(arrived), _AT_ONCE):
        taken.kept += taken.keeping.time(partial(keep, arrived[start : start + _AT_ONCE]))
    begun = time.perf_counter()
    with _timed_one_by_one(taken):
        while taken.working.time(deliver_next) + taken.working.time(react_next):
            pass
    taken.seconds = time.perf_counter() - begun
    return taken


@contextmanager
def _timed_one_by_one(taken: Taken) -> Iterator[None]:
    """Has each mail's filing and what follows from its event run on the clock, and the reactions that tell the desk.

    What several events share (on SQLite their commit) is on the clock of the worker alone.
    """
    deliver, react = intake.deliver, running._react_once

    def react_once() -> bool:
        told = Clock.fresh()

        def timed(reaction: Callable[[Event], None]) -> Callable[[Event], None]:
            return lambda event: told.time(partial(reaction, event))

        reactions = {name: one if name == "acknowledge" else timed(one) for name, one in table.BY_NAME.items()}
        once = Clock.fresh()
        with patch.object(running, "BY_NAME", reactions):
            found: bool = once.time(react)
        # The last time there is nothing to do.
        if found:
            taken.following.add(once)
            taken.telling.add(told)
        return found

    with (
        patch.object(intake, "deliver", lambda row: taken.filing.time(partial(deliver, row))),
        patch.object(running, "_react_once", react_once),
    ):
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
