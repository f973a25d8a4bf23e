"""The demo's year, told short: what every visitor of the demo stands on holds together."""

import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices.models import Notice
from hauspost.ground.history.models import Event, Pending, Seal
from hauspost.ground.history.verification import verify
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.login import AddressBackend
from hauspost.records.people.models import Person
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from tests import demo, demo_calendar, world
from tests.demo_company import LOGINS, PASSWORD, WRITER, fill, welcome
from tests.demo_files import content_of
from tests.demo_plans import Plan, plans
from tests.demo_year import SEED
from tests.world import Attachment

TICKETS = 18
TODAY = datetime(2026, 3, 17, 9, 40, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 3, 15, 22, 10, tzinfo=UTC)


in_the_year = pytest.mark.django_db


@pytest.fixture(scope="module")
def heard(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[tuple[int, int]]]:
    """A short year in the database, gone after this module; what its progress bar heard."""
    heard: list[tuple[int, int]] = []
    with django_db_blocker.unblock(), transaction.atomic():
        fill(lambda done, total: heard.append((done, total)), tickets=TICKETS, today=TODAY)
        yield heard
        transaction.set_rollback(True)


@pytest.fixture
def told(heard: list[tuple[int, int]]) -> list[Plan]:
    return plans(TICKETS, TODAY, SEED)


@in_the_year
def test_every_story_stands_where_it_ended(told: list[Plan]) -> None:
    assert Ticket.objects.count() == TICKETS
    assert Counter(Ticket.objects.values_list("state", flat=True)) == Counter(one.story.outcome for one in told)
    assert not Ticket.objects.open().exclude(state="new").filter(assignee=None).exists()


@in_the_year
def test_numbers_rise_with_time_and_nothing_lies_in_the_future(told: list[Plan]) -> None:
    opened = list(Ticket.objects.order_by("number").values_list("opened_at", flat=True))
    assert opened == sorted(opened)
    assert not Event.objects.filter(recorded_at__gt=TODAY).exists()


@in_the_year
def test_every_row_is_what_its_record_tells(told: list[Plan]) -> None:
    for ticket in Ticket.objects.with_names():
        assert rebuilt(ticket.stream) == row_of(ticket), ticket


@in_the_year
def test_chains_and_seals_hold(told: list[Plan]) -> None:
    found = verify(KEEPERS)
    assert [str(fault) for fault in found.faults] == []
    assert found.seals == Seal.objects.count() >= 12


@in_the_year
def test_nothing_waits_to_be_done(told: list[Plan]) -> None:
    assert not Pending.objects.exists()
    assert not OutgoingMail.objects.waiting().exists()
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"sent"}


@in_the_year
def test_the_ledger_adds_up(told: list[Plan]) -> None:
    """P2.3: each mail ended once, and each entry that came by mail names the delivery that brought it."""
    ends = Counter(Delivery.objects.values_list("disposition", flat=True))
    assert sum(ends.values()) == Delivery.objects.count()
    assert ends["waiting"] == 0
    assert ends["ticket"] == Ticket.objects.filter(channel="mail").count()
    brought = Delivery.objects.filter(disposition__in=["ticket", "answer", "automatic"], entry__isnull=False)
    assert sorted(brought.values_list("id", "entry")) == sorted(
        Entry.objects.filter(delivery__isnull=False).values_list("delivery", "id")
    )
    assert {"quarantine", "spam", "automatic", "bounce", "duplicate"} <= set(ends)


@in_the_year
def test_people_may_sign_in(told: list[Plan], settings: Settings) -> None:
    # The suite hashes quickly; the demo's passwords are read by the product's own hasher.
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    for one, _role in LOGINS:
        person = AddressBackend().authenticate(None, address=one.address, password=PASSWORD)
        assert person is not None, one.address
    assert Person.objects.filter(is_external=False).count() == len(world.EMPLOYEES)


@in_the_year
def test_only_notices_of_these_days_are_unread(told: list[Plan]) -> None:
    unread = Notice.objects.filter(read_at__isnull=True)
    assert unread.exists()
    assert not unread.filter(created_at__lt=TODAY - timedelta(days=2)).exists()


@in_the_year
def test_whoever_waits_hears_how_far_it_is(heard: list[tuple[int, int]], told: list[Plan]) -> None:
    steps = sum(len(one.moments) for one in told)
    assert heard == [(done, steps) for done in range(1, steps + 1)]


@in_the_year
@pytest.mark.usefixtures("heard")
def test_a_database_with_people_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = Event.objects.count()
    assert demo.main(["fill"]) == 1
    assert "people already" in capsys.readouterr().err
    assert Event.objects.count() == before


@pytest.mark.parametrize("tickets", [1, 15, 130, 250])
def test_a_year_is_the_same_for_the_same_moment_and_has_its_size(tickets: int) -> None:
    made = plans(tickets, TODAY, SEED)
    assert len(made) == tickets
    assert made == plans(tickets, TODAY, SEED)


@pytest.mark.parametrize("today", [TODAY, SUNDAY_NIGHT], ids=["a tuesday", "sunday night"])
def test_a_full_year_keeps_office_hours_and_ends_today(today: datetime) -> None:
    made = plans(250, today, SEED)
    assert Counter(one.story.outcome for one in made)["new"] == 7
    for one in made:
        assert list(one.moments) == sorted(set(one.moments)), one.story.key
        assert one.moments[-1] <= today
        for moment, by_machine in zip(one.moments, [False, *(act.step.automatic for act in one.acts)], strict=True):
            local = moment.astimezone(demo_calendar.ZONE)
            if not by_machine and not one.is_of_today:
                assert local.weekday() < 5, one.story.key
                assert demo_calendar.OPENS <= local.time() <= demo_calendar.CLOSES, one.story.key


def test_fresh_mail_is_minutes_old_whenever_the_demo_begins() -> None:
    newest = max(one.moments[0] for one in plans(250, SUNDAY_NIGHT, SEED))
    assert SUNDAY_NIGHT - newest < timedelta(minutes=30)


@pytest.mark.parametrize("today", [TODAY, SUNDAY_NIGHT], ids=["a tuesday", "sunday night"])
def test_the_newcomers_mail_will_be_acknowledged(today: datetime) -> None:
    """P7.3: one sender is acknowledged once a day, so nobody who wrote today may write it."""
    written = [one.moments[0] for one in plans(250, today, SEED) if one.requester == WRITER]
    assert written
    assert max(written) < today - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "site", "works"),
    [
        ((2026, 4, 3), "koeln", False),  # Good Friday is no holiday in Vienna.
        ((2026, 4, 3), "wien", True),
        ((2026, 4, 6), "wien", False),
        ((2026, 6, 4), "koeln", False),  # Corpus Christi is none in Hamburg.
        ((2026, 6, 4), "hamburg", True),
        ((2026, 10, 26), "wien", False),
        ((2026, 3, 14), "hamburg", False),
        ((2026, 3, 17), "hamburg", True),
    ],
)
def test_sites_keep_their_own_holidays(day: tuple[int, int, int], site: str, works: bool) -> None:
    assert demo_calendar.is_working_day(datetime(*day).date(), site) is works


def test_attached_files_are_what_they_say() -> None:
    picture = content_of(Attachment("foto.png", "png"))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    begins = picture.index(b"IDAT") + 4
    assert zlib.decompressobj().decompress(picture[begins:])
    paper = content_of(Attachment("blatt.pdf", "pdf"))
    assert paper.startswith(b"%PDF-")
    table = int(paper.split(b"startxref\n")[1].split(b"\n")[0])
    assert paper[table:].startswith(b"xref\n")
    assert b"# verlauf" in content_of(Attachment("verlauf.txt", "txt"))


def test_the_newcomer_is_told_how_to_come_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["logins"]) == 0
    said = capsys.readouterr().out
    for one, _role in LOGINS:
        assert one.address in said
        assert one.address in welcome()
    assert PASSWORD in said
    assert PASSWORD in welcome()


@pytest.mark.parametrize(
    "wrong", [["--from", "nobody"], ["--server", "2525"], ["--server", "127.0.0.1:1"]], ids=["sender", "server", "deaf"]
)
def test_a_mail_that_cannot_be_sent_is_refused_in_words(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["mail", *wrong]) == 1
    assert wrong[1] in capsys.readouterr().err
