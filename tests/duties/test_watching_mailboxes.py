"""A broken mailbox is seen: by administrators, by the agents who wait for its mail, and by machines (P10)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from hauspost.duties.intake import alarming, watching
from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.duties.notices.models import Notice
from hauspost.ground import clock
from hauspost.ground.accounts.health import FETCHING, note_good, note_trouble
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import SignedOut
from hauspost.ground.accounts.sealed import set_client_secret, set_password
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.vitals.actions import Pulse
from hauspost.records.people.models import Mailbox
from tests.desk import Desk

# A Tuesday, 12:00 in Berlin.
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at_noon(desk: Desk) -> Iterator[None]:
    cache.clear()
    karim = desk.person("karim")
    karim.is_administrator = True
    karim.save(update_fields=["is_administrator"])
    with clock.standing_at(NOON), translation.override("en"):
        Pulse("work").beat()
        yield
    cache.clear()


@pytest.fixture
def account() -> MailAccount:
    made = MailAccount(name="M365", user="it@lindner.example", imap_host="imap.example", created_at=NOON - 30 * DAY)
    set_password(made, "geheim")
    made.save()
    return made


@pytest.fixture
def folder(account: MailAccount) -> FetchedFolder:
    box = Mailbox.objects.get(team__key="it", address__address__startswith="it")
    return FetchedFolder.objects.create(mailbox=box, account=account, created_at=NOON - 30 * DAY)


def signed_in(person: Any) -> Client:
    client = Client()
    person.refresh_from_db()
    client.force_login(person)
    return client


def told() -> list[str]:
    return [kind.partition(":")[0] for kind in Notice.objects.order_by("id").values_list("kind", flat=True)]


def test_a_lost_authorisation_is_told_at_once_and_everywhere(
    desk: Desk, account: MailAccount, folder: FetchedFolder
) -> None:
    """P10.2: mail and notice to administrators, banner for the agents of that mailbox, a health page that fails."""
    machine = Client()
    assert machine.get("/healthz").status_code == 200
    note_trouble(account, SignedOut(server="M365", reason="AADSTS700082"), FETCHING)
    assert alarming.tell_of_troubles(NOON) == 1
    assert "mailbox.signed_out" in told()
    mail = OutgoingMail.objects.latest("id")
    assert b"authorisation no more" in mail.letter() and mail.kind == "alert"
    assert OutgoingRecipient.objects.filter(mail__kind="alert", address=desk.address("karim")).exists()
    answer = machine.get("/healthz")
    assert answer.status_code == 503 and answer.json()["mailboxes"] == "1 mail servers in trouble"
    # A restart, or another web process, would mend nothing.
    assert machine.get("/healthz?of=program").status_code == machine.get("/healthz?of=web").status_code == 200
    for name, sees in (("karim", True), ("deniz", True), ("pawel", False)):
        page = signed_in(desk.person(name)).get("/desk/open").content.decode()
        # Deniz reads German.
        assert ("stands still" in page or "steht still" in page) is sees, name
    assert (
        "mail server takes our authorisation no more"
        in signed_in(desk.person("karim")).get("/desk/notices").content.decode()
    )


def test_one_trouble_is_told_once_and_daily_and_a_new_one_again(account: MailAccount, folder: FetchedFolder) -> None:
    """P1.4: not with every run; a server that is away for a moment is no alarm."""
    note_trouble(account, "The server does not answer.", FETCHING)
    assert alarming.tell_of_troubles(NOON + MINUTE) == 0
    for minutes in (7, 8, 60, 600):
        alarming.tell_of_troubles(NOON + minutes * MINUTE)
    assert told().count("mailbox.failing") == len(set(Notice.objects.values_list("person", flat=True)))
    first = Notice.objects.count()
    alarming.tell_of_troubles(NOON + DAY)
    assert Notice.objects.count() == 2 * first
    note_good(account, FETCHING)
    assert watching.troubles(NOON + DAY) == []
    with clock.standing_at(NOON + DAY + 2 * HOUR):
        note_trouble(account, "Away again.", FETCHING)
    assert alarming.tell_of_troubles(NOON + DAY + 3 * HOUR) == 1


def test_a_folder_or_an_account_nobody_authorised_is_trouble_too(
    desk: Desk, account: MailAccount, folder: FetchedFolder
) -> None:
    FetchedFolder.objects.update(state="failing", failing_since=NOON - HOUR, last_error="no such folder")
    [trouble] = watching.troubles(NOON)
    assert trouble.said == ("INBOX: no such folder",) and trouble.addresses == (desk.address("it"),)
    FetchedFolder.objects.update(state="paused")
    assert watching.troubles(NOON) == []
    FetchedFolder.objects.update(state="new", failing_since=None)
    MailAccount.objects.update(password_sealed="")
    assert [one.kind for one in watching.troubles(NOON)] == ["signed_out"]
    MailAccount.objects.update(created_at=NOON - MINUTE)
    assert watching.troubles(NOON) == []


def test_the_alarm_takes_another_way_than_the_broken_one(desk: Desk, account: MailAccount) -> None:
    """P10.2: not by the mail server whose authorisation is lost."""
    boxes = list(Mailbox.objects.filter(team__is_confidential=False).order_by("id"))
    Mailbox.objects.filter(pk=boxes[0].pk).update(sends_by=account)
    MailAccount.objects.update(smtp_host="smtp.example")
    other = MailAccount.objects.create(name="other", smtp_host="smtp.other.example", created_at=NOON)
    Mailbox.objects.filter(pk=boxes[-1].pk).update(sends_by=other)
    note_trouble(account, "gone", FETCHING, signed_out=True)
    assert alarming.tell_of_troubles(NOON) == 1
    assert set(OutgoingMail.objects.filter(kind="alert").values_list("account", flat=True)) == {other.pk}


def mails(box: Mailbox, moments: list[datetime]) -> None:
    address = box.address.address
    Delivery.objects.bulk_create(
        Delivery(
            received_at=moment, via="imap", transaction=f"m{number}", recipient=address, mailbox=address, size_bytes=1,
            sha256="", disposition="ticket", disposed_at=moment,
        )
        for number, moment in enumerate(sorted(moments))
    )  # fmt: skip


def workdays(weeks: int, until: datetime) -> list[datetime]:
    """A mail every half hour from 8 to 17, from Monday to Friday, until then."""
    days = [until - DAY * number for number in range(7 * weeks + 1)]
    found = [day.replace(hour=7) + 30 * MINUTE * half for day in days if day.weekday() < 5 for half in range(18)]
    return [moment for moment in found if moment <= until]


@pytest.fixture
def box() -> Mailbox:
    return Mailbox.objects.get(team__key="it", address__address__startswith="it")


def test_a_mailbox_that_falls_silent_on_a_workday_is_told_of_once(desk: Desk, box: Mailbox) -> None:
    """P10.3: learned from the weekdays and hours of four weeks; nights and weekends are quiet as usual."""
    monday = NOON - DAY
    friday = (monday - 3 * DAY).replace(hour=15, minute=30)
    mails(box, workdays(5, friday))
    assert alarming.tell_of_silences(monday.replace(hour=6)) == 0
    assert alarming.tell_of_silences(monday.replace(hour=9)) == 0
    assert alarming.tell_of_silences(monday.replace(hour=14)) == 1
    assert alarming.tell_of_silences(monday.replace(hour=15)) == 0
    assert told()[-1] == "mailbox.quiet"
    letter = OutgoingMail.objects.latest("id").letter().decode()
    assert "unusually quiet" in letter
    # With the next mail it is over, and another silence is told of again.
    Delivery.objects.create(
        received_at=monday.replace(hour=15), via="imap", transaction="next", recipient=box.address.address,
        mailbox=box.address.address, size_bytes=1, sha256="", disposition="ticket", disposed_at=monday,
    )  # fmt: skip
    alarming.tell_of_silences(monday.replace(hour=16))
    box.refresh_from_db()
    assert box.told_quiet_at is None
    assert alarming.tell_of_silences(monday.replace(hour=16) + DAY) == 1


def test_what_is_rarely_written_to_is_no_alarm(desk: Desk, box: Mailbox) -> None:
    """Too little to learn from; and bursts with long pauses are usual where they are usual."""
    mails(box, [NOON - DAY * number for number in range(3, 15)])
    assert alarming.tell_of_silences(NOON + 20 * DAY) == 0
    Delivery.objects.all().delete()
    bursts = [NOON - 7 * DAY * week - MINUTE * number for week in range(1, 5) for number in range(50)]
    mails(box, bursts)
    assert alarming.tell_of_silences(NOON - 2 * HOUR) == 0


def test_hours_that_were_set_count_and_nought_switches_it_off(desk: Desk, box: Mailbox) -> None:
    """P10.3."""
    mails(box, [NOON - 5 * HOUR])
    Mailbox.objects.filter(pk=box.pk).update(quiet_after_hours=6)
    assert alarming.tell_of_silences(NOON) == 0
    assert alarming.tell_of_silences(NOON + 2 * HOUR) == 1
    Mailbox.objects.filter(pk=box.pk).update(quiet_after_hours=0, told_quiet_at=None)
    assert alarming.tell_of_silences(NOON + 99 * HOUR) == 0


def test_a_client_secret_that_ends_is_told_of_in_time(desk: Desk, account: MailAccount) -> None:
    """P10.5: 30, 7 and 1 days before, each once; and when it has ended."""
    account.sign_in, account.client_secret_ends_on = "oauth", NOON.date() + 40 * DAY
    set_client_secret(account, "s3cret")
    account.save()
    days = [day for day in range(45) for _ in range(2) if alarming.tell_of_secrets(NOON + day * DAY)]
    assert days == [10, 33, 39, 41]
    assert set(told()) == {"mailbox.secret"}
    MailAccount.objects.update(archived_at=NOON)
    assert watching.ending_secrets(NOON + 39 * DAY) == []
