"""Measures the way of a mail: kept, read, filed, acknowledged, and the desk told; with its SQL statements on wish."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from bench.company import Company, read
from bench.mails import Asked, Correspondent, Mail, mixed
from bench.measuring import Clock, Figure
from hauspost.duties.intake.actions import Envelope, deliver, keep
from hauspost.duties.intake.models import Delivery
from hauspost.duties.reactions import running
from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Pending
from hauspost.ground.mail.addresses import plus_address
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Entry, Ticket

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


def measure(number: int = 2000) -> list[Figure]:
    """Mails per second and CPU a mail, from kept to filed and acknowledgement queued; then what else follows."""
    mails = prepared(number)
    _take(prepared(100, seed=2), "warm")
    keeping, filing, reacting, kept, begun = _take(mails, "run")
    wall = time.perf_counter() - begun
    dispositions = Counter(
        Delivery.objects.filter(id__gte=kept[0], id__lte=kept[-1]).values_list("disposition", flat=True)
    )
    acknowledged = reacting.pop("acknowledge", Clock.fresh())
    told = [one for clock_ in reacting.values() for one in clock_.cpu]
    filed, acknowledging = sum(filing.cpu) / number, sum(acknowledged.cpu) / number
    reading = Clock.fresh()
    for mail in mails[:500]:
        reading.time(lambda raw=mail.raw: read_letter(raw))
    return [
        Figure("mail: CPU from 250 to filed and acknowledged", filed + acknowledging),
        Figure("mail: filed, and acknowledged, a second", number / (sum(filing.wall + acknowledged.wall) / 1000), "/s"),
        Figure("mail: all of it, a second", number / wall, "/s"),
        Figure("mail: kept before 250", sum(keeping.cpu) / number, wall=sum(keeping.wall) / number),
        Figure("mail: of it read", sum(reading.cpu) / len(reading.cpu)),
        filing.figure("mail: filed"),
        acknowledged.figure("mail: one acknowledgement"),
        Figure("mail: notices to the desk, a mail", sum(told) / number),
        Figure("mail: new tickets", dispositions["ticket"], ""),
        Figure("mail: answers", dispositions["answer"], ""),
        Figure("mail: other dispositions", number - dispositions["ticket"] - dispositions["answer"], ""),
        Figure("mail: acknowledgements", len(acknowledged.cpu), ""),
    ]


def _take(mails: Sequence[Mail], run: str) -> tuple[Clock, Clock, dict[str, Clock], list[int], float]:
    """Keep the mails, then do what the worker does, one thing after the other, each on its clock."""
    keeping, filing, kept = Clock.fresh(), Clock.fresh(), []
    taken, begun = envelopes(mails, run), time.perf_counter()
    for start in range(0, len(taken), _AT_ONCE):
        kept += keeping.time(lambda at=start: keep(taken[at : at + _AT_ONCE]))
    reacting: dict[str, Clock] = defaultdict(Clock.fresh)
    for start in range(0, len(kept), 20):
        for delivery in kept[start : start + 20]:
            filing.time(lambda one=delivery: deliver(one))
        while reaction := _next_reaction():
            reacting[reaction].time(lambda: running.react_next(1))
    return keeping, filing, reacting, kept, begun


def _next_reaction() -> str:
    return Pending.objects.ready(clock.now()).values_list("reaction", flat=True).first() or ""


def statements(number: int = 200) -> list[str]:
    """The SQL statements of a mail, by kind: how many a mail, and microseconds each."""
    _take(prepared(50, seed=3), "warm")
    mails = prepared(number, seed=4)
    lines = []
    kept = [
        one for start in range(0, number, _AT_ONCE) for one in keep(envelopes(mails, "sql")[start : start + _AT_ONCE])
    ]
    with _noted() as noted:
        for delivery in kept:
            deliver(delivery)
    lines += ["filing:", *_told(noted, number)]
    while reaction := _next_reaction():
        with _noted() as noted:
            count = 0
            while _next_reaction() == reaction or not count:
                running.react_next(1)
                count += 1
        if count > 5:
            lines += [f"{reaction} ({count} times in a row):", *_told(noted, count)]
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

    commit = connection._commit

    def timed_commit() -> None:
        begun = time.perf_counter()
        commit()
        noted["COMMIT"].append((time.perf_counter() - begun) * 1e6)

    connection._commit = timed_commit
    try:
        with connection.execute_wrapper(wrapper):
            yield noted
    finally:
        del connection._commit


def _told(noted: dict[str, list[float]], number: int) -> list[str]:
    total = sum(map(len, noted.values())), sum(map(sum, noted.values()))
    lines = [f"  {total[0] / number:6.2f} a mail  {total[1] / number:8.0f} µs a mail"]
    for sql, times in sorted(noted.items(), key=lambda item: -sum(item[1])):
        lines.append(f"  {len(times) / number:6.2f} a mail  {sum(times) / len(times):8.0f} µs each  {sql[:170]}")
    return lines
