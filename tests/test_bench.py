"""The bench measures what it says: seeded desks are as the verbs would have made them, and every part gives figures."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from bench import big, journal, places, report, serving
from bench.company import Company
from bench.intake import MAIL, envelopes, measure, prepared
from bench.measuring import Figure
from bench.pages import measure as measure_pages
from bench.places import ROOT, Desk
from bench.seeding import seed
from bench.texts import COMMON_WORD, RARE_WORDS, TICKETS_OF_A_RARE_WORD
from hauspost.ground.history.verification import verify
from hauspost.ground.search.actions import Readable, missing_ddl, search
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of

pytestmark = [pytest.mark.once, pytest.mark.slow]
TICKETS = 200


@pytest.fixture(scope="module")
def sown(django_db_setup: None, django_db_blocker: Any) -> Iterator[Company]:
    """A desk of two hundred tickets, undone after the last test of this file."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield seed(TICKETS)
        transaction.set_rollback(True)


@pytest.fixture
def seeded(sown: Company, db: None) -> Company:
    """The same desk, as it was sown, for every test."""
    return sown


def test_seeded_chains_verify(seeded: Company) -> None:
    found = verify(KEEPERS)
    assert found.faults == []
    assert found.streams > TICKETS


def test_seeded_rows_are_rebuilt_from_their_events(seeded: Company) -> None:
    for ticket in Ticket.objects.with_names():
        assert rebuilt(ticket.stream) == row_of(ticket)


def test_seeded_tickets_have_three_entries_or_ten_and_a_tenth_of_them_is_open(seeded: Company) -> None:
    counts = [ticket.entries.count() for ticket in Ticket.objects.all()]
    assert set(counts) == {3, 10}
    assert TICKETS * 0.03 < Ticket.objects.open().count() < TICKETS * 0.25


def test_seeded_words_are_found(seeded: Company) -> None:
    teams = tuple(f"t{team.id}" for team in seeded.teams)
    everything = [Readable(teams, ("public", "internal"))]
    rare = [search(word, readable=everything).rows for word in RARE_WORDS]
    assert {len(rows) for rows in rare} == {TICKETS_OF_A_RARE_WORD}
    assert len(search(COMMON_WORD, readable=everything, limit=30).rows) == 30
    assert missing_ddl() == []


def test_what_the_verbs_add_to_a_seeded_desk_fits_its_keys_and_chains(seeded: Company) -> None:
    before = Entry.objects.count()
    figures = {figure.name: figure for figure in measure(20)}
    assert figures[MAIL].value > 0
    assert figures["mails: anything else"].value == 0
    assert Entry.objects.count() >= before + 20
    assert verify(KEEPERS).faults == []


def test_mails_are_mixed_as_the_bench_says(seeded: Company) -> None:
    mails = prepared(100)
    assert sum(b"In-Reply-To:" in mail.raw for mail in mails) == 40
    assert sum(b"Content-Disposition: attachment" in mail.raw for mail in mails) == 20
    assert sum(b"text/html" in mail.raw for mail in mails) == 50
    assert len({envelope.transaction for envelope in envelopes(mails, "x")}) == 100
    assert settings.HAUSPOST.mail_domain in mails[0].recipient


@pytest.fixture
def connection_stays() -> Iterator[None]:
    """Real requests let go of a connection that stands in a transaction: here that is the test's own."""
    ends = (request_started, request_finished)
    for one in ends:
        one.disconnect(close_old_connections)
    yield
    for one in ends:
        one.connect(close_old_connections)


@pytest.mark.usefixtures("connection_stays")
def test_every_page_is_measured_for_both_persons(seeded: Company) -> None:
    figures = measure_pages(2)
    names = {figure.name for figure in figures}
    for page in ("list", "ticket with 10 entries", "triage", "search, rare word", "search, common word", "reply"):
        assert f"{page}, 40 teams" in names
    assert all(figure.queries for figure in figures)


def test_the_running_program_is_measured_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "DATA", tmp_path)
    desk = places.seeded("sqlite", 60)
    pages = serving.throughput(desk, seconds=0.3, workers=[1])
    assert all(figure.value > 0 for figure in journal.journal(desk, seconds=0.2))
    figures = {figure.name: figure for figure in serving.memory(desk, seconds=0.3)}
    assert pages[0].value > 0
    assert figures[serving.FIRST_PAGE].value > 0
    assert figures[serving.PSS_IDLE].value > 10
    assert figures["under load: mails taken over SMTP"].value > 0


def test_a_big_mail_is_followed_from_the_socket_to_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P36.1: every process takes less memory for a mail than the mail weighs; `bin/bench big` tries 100 MB."""
    monkeypatch.setattr(places, "DATA", tmp_path)
    monkeypatch.setattr(big, "SIZE_BYTES", 60_000_000)
    figures = {figure.name: figure.value for figure in big.measure(places.seeded("sqlite", 20))}
    for process in ("listen", "work", "web"):
        assert figures[f"100 MB mail, memory above idle: {process}"] < 60
    assert figures["100 MB mail, downloaded"] > 90


def test_a_table_shows_aims_and_growth(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "DATA", tmp_path)
    small, large = Desk("sqlite", 10_000, ""), Desk("sqlite", 100_000, "")
    report.keep(small, "pages", [Figure("list", 2.0, p95=3.0, wall=2.5, wall_p95=4.0, queries=4)])
    report.keep(large, "pages", [Figure("list", 5.0, p95=6.0, wall=5.5, wall_p95=7.0, queries=4)])
    line = report.table(large, small).splitlines()[3]
    assert line.split() == ["list", "5", "6", "5.50", "7", "4", "!4", "!2.50"]


def test_a_rate_below_its_aim_is_marked(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "DATA", tmp_path)
    desk = Desk("sqlite", 10_000, "")
    report.keep(desk, "mail", [Figure(journal.REUSED, 599.0, "/s"), Figure(journal.ONE, 101.0, "/s")])
    assert [line.split()[-1] for line in report.table(desk).splitlines()[3:5]] == ["!600", "100"]


@pytest.mark.parametrize(
    ("given", "said"), [("--sizes=ten", "'ten'"), ("--databases=oracle", "oracle"), ("soup", "soup")]
)
def test_wrong_words_are_refused_by_name(given: str, said: str) -> None:
    found = subprocess.run([sys.executable, "-m", "bench", given], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr
