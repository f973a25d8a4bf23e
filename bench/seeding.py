"""Fills a desk with many tickets in bulk, exactly as the verbs would have written them, on either database."""

import gc
import multiprocessing
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import Max, Model

from bench.company import Company, found
from bench.lives import Keys, Life, Rows
from bench.texts import RARE_WORDS, TICKETS_OF_A_RARE_WORD, Author
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.db import is_postgres
from hauspost.ground.history.models import Event, EventPart, Stream
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.search.actions import index_many
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Entry, KnownMessage, Ticket

# In the order in which foreign keys want them.
_TABLES: tuple[type[Model], ...] = (
    Ticket, Entry, KnownMessage, Stream, Event, EventPart, Delivery, OutgoingMail, OutgoingRecipient,
)  # fmt: skip
_BATCH = 500
_TWO_YEARS = timedelta(days=730)
# Every so many tickets, one has ten entries.
LONG_EVERY = 100


def seed(tickets: int, *, helpers: int = 1, say: Callable[[str], None] = lambda words: None) -> Company:
    """Found the company and give it so many tickets of two years, three messages each, a tenth of them open.

    `helpers` above 1 share the work in processes of their own; then not inside a transaction.
    """
    company = found()
    if helpers == 1:
        Seeding(company, tickets).run(say)
    else:
        _seed_together(company, tickets, helpers, say)
    _settle()
    return company


def _seed_together(company: Company, tickets: int, helpers: int, say: Callable[[str], None]) -> None:
    parts = [Seeding(company, tickets, helper=helper, helpers=helpers) for helper in range(helpers)]
    # An open connection must not cross a fork.
    connections.close_all()
    process = multiprocessing.get_context("fork").Process
    running = [process(target=part.run, args=(say,)) for part in parts]
    for one in running:
        one.start()
    for one in running:
        one.join()
        if one.exitcode:
            raise RuntimeError("seeding failed; what stands above says why")


class Seeding:
    """One filling of an empty desk; with helpers, each takes every so many-th batch and every so many-th key."""

    def __init__(self, company: Company, tickets: int, *, helper: int = 0, helpers: int = 1) -> None:
        self._company, self._count = company, tickets
        self._helper, self._helpers = helper, helpers
        self._chance, self._author = random.Random(tickets), Author(tickets)
        starts = {model: (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1 for model in _TABLES}
        self._first = starts[Ticket]
        self._keys = Keys({model: start + helper for model, start in starts.items()}, helpers)
        self._now = clock.now()
        # Teams are unevenly busy: the first has about an eighth of everything.
        self._busy = list(accumulate((rank + 1) ** -0.7 for rank in range(len(company.teams))))
        self._rare = self._places_of_rare_words()

    def run(self, say: Callable[[str], None]) -> None:
        """Write this helper's batches, one a transaction."""
        _hurry()
        # A million objects that all stay until their batch is written: looking for cycles among them is lost time.
        gc.disable()
        for batch, start in enumerate(range(0, self._count, _BATCH)):
            if batch % self._helpers != self._helper:
                continue
            self._chance.seed(self._count + start)
            rows = Rows()
            for position in range(start, min(start + _BATCH, self._count)):
                self._live(position, rows)
            _write(rows)
            if batch % 20 == 0:
                say(f"{start:,} of {self._count:,} tickets")
        gc.enable()

    def _places_of_rare_words(self) -> dict[int, str]:
        each = [word for word in RARE_WORDS for _ in range(TICKETS_OF_A_RARE_WORD)]
        return dict(zip(self._chance.sample(range(self._count), min(self._count, len(each))), each, strict=False))

    def _live(self, position: int, rows: Rows) -> None:
        """One ticket from its opening to where it stands today."""
        chance, company = self._chance, self._company
        team = chance.choices(company.teams, cum_weights=self._busy)[0]
        requester = chance.choice(company.requesters)
        language = requester.language or "de"
        site, location = company.seats[requester.id]
        ticket = Ticket(
            number=self._first + position,
            subject=self._author.subject(language),
            requester=requester,
            team=team,
            site=site,
            location=location,
            status=company.statuses["new"],
            state="new",
            channel="mail",
            intake_address=company.intake[team.id],
        )
        life = Life(company, self._author, chance, self._keys, rows, ticket, language, self._now)
        at = self._now - _TWO_YEARS + _TWO_YEARS * ((position + chance.random()) / (self._count + 1))
        life.open(at, self._rare.get(position, ""))
        self._go_on(life, position, _Steps(at, self._now, chance))
        life.end()

    def _go_on(self, life: Life, position: int, steps: "_Steps") -> None:
        """What comes after the opening: nearly all are answered and done; the youngest are often open or new."""
        chance, company = self._chance, self._company
        is_young = position > self._count * 0.95
        if chance.random() < (0.3 if is_young else 0.005):
            life.answer(steps.next())
            life.answer(steps.next())
            return
        agent, dispatcher = chance.choice(company.agents[life.ticket.team.id]), company.dispatcher
        if chance.random() < 0.6:
            life.catalogue(steps.next(), dispatcher)
            life.assign(steps.next(), agent, dispatcher)
        life.reply(steps.next(), agent)
        life.answer(steps.next())
        if position % LONG_EVERY == LONG_EVERY // 2:
            self._talk_on(life, agent, steps)
        if chance.random() < (0.5 if is_young else 0.06):
            self._leave_open(life, agent, steps)
        else:
            life.set_status(steps.next(), chance.choice(("resolved", "closed", "closed")), agent)

    def _talk_on(self, life: Life, agent: Person, steps: "_Steps") -> None:
        """Seven more entries: ten in all."""
        for turn in range(7):
            if turn == 3:
                life.note(steps.next(), agent)
            elif turn % 2:
                life.answer(steps.next())
            else:
                life.reply(steps.next(), agent)

    def _leave_open(self, life: Life, agent: Person, steps: "_Steps") -> None:
        """Open, waiting or asleep."""
        fate = self._chance.random()
        if fate < 0.25:
            life.set_status(steps.next(), self._chance.choice(("waiting_requester", "waiting_third")), agent)
        elif fate < 0.35:
            life.set_status(
                steps.next(), "waiting_date", agent, self._now + timedelta(days=self._chance.randint(1, 60))
            )


class _Steps:
    """The moments at which things happen to one ticket: later and later, and never in the future."""

    def __init__(self, begin: datetime, end: datetime, chance: random.Random) -> None:
        self._at, self._end, self._chance = begin, end, chance

    def next(self) -> datetime:
        step = timedelta(seconds=self._chance.expovariate(1 / 30_000))
        self._at += min(step, (self._end - self._at) / 2)
        return self._at


def _write(rows: Rows) -> None:
    """One transaction; everything is made ready before it begins, so that helpers wait little for each other."""
    ready = [(_insert_into(model), _values(model, rows.of[model])) for model in _TABLES if model in rows.of]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in ready:
            cursor.executemany(statement, values)
        index_many(rows.documents)


def _insert_into(model: type[Model]) -> str:
    columns = [connection.ops.quote_name(field.column) for field in model._meta.concrete_fields]
    table, places = connection.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"


def _values(model: type[Model], rows: Sequence[Model]) -> list[tuple[Any, ...]]:
    """The rows as the database takes them; a third of the time that `bulk_create` needs."""
    database = connections[DEFAULT_DB_ALIAS]
    fields = [(field.attname, field.get_db_prep_save) for field in model._meta.concrete_fields]
    return [tuple([prepare(getattr(row, name), database) for name, prepare in fields]) for row in rows]


def _hurry() -> None:
    """What is seeded can be seeded again: its commits need not wait for the disk."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off" if is_postgres() else "PRAGMA synchronous = OFF")


def _settle() -> None:
    """Sequences go on behind our keys, and the planner knows the tables, as after a night of autovacuum."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(_TABLES)):
            cursor.execute(statement)
        if not connection.in_atomic_block:
            cursor.execute("VACUUM ANALYZE" if is_postgres() else "PRAGMA synchronous = FULL")
