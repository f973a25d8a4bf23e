"""When backups begin, when they alarm, who is told, and what the page shows."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from hauspost.doors.cli import doctor
from hauspost.doors.worker import backups
from hauspost.duties.keeping import runs, telling, watching
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.keeping.refusals import AlreadyAtWork, BackupsAreOff
from hauspost.duties.notices.models import Notice
from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.refusals import NotAllowed
from hauspost.ground.vitals.actions import Pulse
from tests.desk import Desk

# 24 November 2026, 12:00 in Berlin; the clock asks for a backup at 02:30 there, which is 01:30 UTC.
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at_noon(desk: Desk, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A desk of ten days, that keeps its backups in a folder."""
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_folder=tmp_path, time_zone="Europe/Berlin")
    Event.objects.update(recorded_at=NOON - 10 * DAY)
    cache.clear()
    with clock.standing_at(NOON):
        yield
    cache.clear()


def ran(kind: str, at: datetime, fault: str = "", **more: Any) -> BackupRun:
    """A run that ended."""
    return BackupRun.objects.create(kind=kind, asked_at=at, seen_at=at, finished_at=at, fault=fault, **more)


def administrator(desk: Desk) -> Any:
    karim = desk.person("karim")
    karim.is_administrator = True
    karim.save(update_fields=["is_administrator"])
    return karim


def signed_in(person: Any) -> Client:
    client = Client()
    person.refresh_from_db()
    client.force_login(person)
    return client


def test_the_daily_backup_begins_once_its_time_has_passed(desk: Desk) -> None:
    """P40.1; by one worker only, and not again before the next day."""
    run = watching.claim_due(NOON)
    assert run is not None and run.kind == "backup" and run.seen_at == NOON
    assert watching.claim_due(NOON) is None
    run.finished_at = NOON
    run.save()
    assert watching.claim_due(NOON + 14 * HOUR) is None or BackupRun.objects.latest("id").kind == "drill"
    tomorrow = watching.claim_due(NOON + DAY)
    assert tomorrow is not None and tomorrow.kind == "backup"


def test_its_time_is_that_of_the_company_also_when_clocks_change(desk: Desk) -> None:
    before, after = datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    assert runs.last_slot(before - DAY) == datetime(2026, 10, 24, 0, 30, tzinfo=UTC)
    assert runs.next_slot(before) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert runs.next_slot(after) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_after_a_fault_it_is_tried_again_an_hour_later(desk: Desk) -> None:
    ran("backup", NOON - HOUR / 2, "No space left")
    assert watching.claim_due(NOON) is None
    assert watching.claim_due(NOON + HOUR) is not None


def test_one_that_was_killed_does_not_stop_the_next(desk: Desk) -> None:
    BackupRun.objects.create(kind="backup", asked_at=NOON - 3 * HOUR, seen_at=NOON - 2 * HOUR)
    assert watching.claim_due(NOON) is not None


def test_a_new_desk_waits_for_its_first_night(desk: Desk) -> None:
    Event.objects.update(recorded_at=NOON - HOUR)
    assert watching.claim_due(NOON) is None
    assert watching.claim_due(NOON + DAY) is not None


@pytest.mark.parametrize("off", [{"backup_folder": None}, {"backup_at": ""}, {"demo": True}])
def test_nothing_begins_and_nothing_alarms_where_backups_are_off(
    desk: Desk, settings: Settings, off: dict[str, Any]
) -> None:
    settings.HAUSPOST = replace(settings.HAUSPOST, **off)
    assert watching.claim_due(NOON) is None
    state = watching.look(NOON)
    assert (state.is_on, state.alarm, state.next_at) == (False, "", None)


def test_a_drill_comes_once_a_week(desk: Desk) -> None:
    ran("backup", NOON - HOUR)
    first = watching.claim_due(NOON)
    assert first is not None and first.kind == "drill"
    first.finished_at = NOON
    first.save()
    for day in range(1, 7):
        ran("backup", NOON + day * DAY)
        assert watching.claim_due(NOON + day * DAY) is None
    ran("backup", NOON + 7 * DAY)
    again = watching.claim_due(NOON + 7 * DAY)
    assert again is not None and again.kind == "drill"


def test_what_an_administrator_asks_for_comes_first(desk: Desk) -> None:
    administrator(desk)
    with pytest.raises(NotAllowed):
        runs.ask("backup", actor=desk.actor("anna"))
    asked = runs.ask("drill", actor=desk.actor("karim"))
    with pytest.raises(AlreadyAtWork):
        runs.ask("backup", actor=desk.actor("karim"))
    assert watching.claim_due(NOON) == asked


def test_nobody_can_ask_where_there_is_no_folder(desk: Desk, settings: Settings) -> None:
    administrator(desk)
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_folder=None)
    with pytest.raises(BackupsAreOff):
        runs.ask("backup", actor=desk.actor("karim"))


@pytest.mark.parametrize(
    ("good_hours_ago", "failed_hours_ago", "drill_failed", "alarm"),
    [
        (10, None, False, ""),
        (35, None, False, ""),
        (37, None, False, "overdue"),
        (None, None, False, "overdue"),
        (10, 2, False, "failed"),
        (40, 2, False, "failed"),
        (2, 10, False, ""),
        (10, None, True, "drill"),
        (37, None, True, "overdue"),
    ],
)
def test_failed_and_overdue_backups_alarm(
    desk: Desk, good_hours_ago: int | None, failed_hours_ago: int | None, drill_failed: bool, alarm: str
) -> None:
    """P40.1."""
    hours = sorted([(good_hours_ago, ""), (failed_hours_ago, "No space left")], key=lambda one: -(one[0] or 0))
    for ago, fault in hours:
        if ago is not None:
            ran("backup", NOON - ago * HOUR, fault)
    if drill_failed:
        ran("drill", NOON - HOUR, "The rows differ")
    assert watching.look(NOON).alarm == alarm
    assert bool(watching.words(alarm)) == bool(alarm)


def test_the_first_two_days_only_hint(desk: Desk) -> None:
    Event.objects.update(recorded_at=NOON - 47 * HOUR)
    state = watching.look(NOON)
    assert (state.alarm, state.is_new) == ("", True)
    assert watching.look(NOON + 2 * HOUR).alarm == "overdue"


def test_a_restored_desk_is_a_new_one_there(desk: Desk) -> None:
    ran("restore", NOON - HOUR)
    assert watching.look(NOON).alarm == ""


def test_administrators_are_told_once_a_day_in_page_and_mail(desk: Desk) -> None:
    """P40.1."""
    karim = administrator(desk)
    ran("backup", NOON - HOUR, "No space left on device")
    assert telling.tell_of_alarm(NOON) >= 1
    assert telling.tell_of_alarm(NOON + 20 * HOUR) == 0
    assert telling.tell_of_alarm(NOON + 24 * HOUR) >= 1
    notices = Notice.objects.of(karim)
    assert [one.kind for one in notices] == ["backup.failed", "backup.failed"]
    (mail, *_rest) = [one for one in desk.sent("alert") if one.recipients.get().person_uid == str(karim.uid)]
    letter = mail.letter().decode()
    assert "No space left on device" in letter and "/desk/settings/backups" in letter
    assert mail.envelope_from == ""
    assert not Notice.objects.filter(person=desk.person("anna")).exists()


def test_nobody_is_told_while_the_next_one_is_on_its_way(desk: Desk) -> None:
    administrator(desk)
    ran("backup", NOON - HOUR, "No space left")
    watching.claim_due(NOON + HOUR)
    assert telling.tell_of_alarm(NOON + HOUR) == 0


def test_the_notice_leads_to_the_backups_and_is_read_by_that(desk: Desk) -> None:
    karim = administrator(desk)
    ran("backup", NOON - HOUR, "No space left")
    telling.tell_of_alarm(NOON)
    client = signed_in(karim)
    page = client.get("/desk/notices").content.decode()
    assert "The last backup failed." in page
    answer = client.post("/desk/notices/reading", {"about": "backup.failed"})
    assert answer["Location"] == "/desk/settings/backups"
    assert not Notice.objects.of(karim).unread().exists()


def test_the_banner_stands_on_administrators_pages_only(desk: Desk) -> None:
    # A desk whose mail stands still says that first.
    Pulse("work").beat()
    karim = administrator(desk)
    ran("backup", NOON - HOUR, "No space left")
    assert "The last backup failed." in signed_in(karim).get("/desk/notices").content.decode()
    assert "The last backup failed." not in signed_in(desk.person("anna")).get("/desk/notices").content.decode()


def test_the_page_shows_how_it_stands_and_begins_one(desk: Desk) -> None:
    karim = administrator(desk)
    ran(
        "backup",
        NOON - HOUR,
        counts={"tickets": 7, "files": 3},
        file="/backups/hauspost-x.tar.gz",
        size_bytes=2_000_000,
    )
    client = signed_in(karim)
    page = client.get("/desk/settings/backups").content.decode()
    assert "7 tickets" in page and "/backups/hauspost-x.tar.gz" in page
    assert client.post("/desk/settings/backups/asked", {"kind": "backup"}).status_code == 302
    assert "waits for a worker" in client.get("/desk/settings/backups").content.decode()
    assert client.post("/desk/settings/backups/asked", {"kind": "backup"}).status_code == 409
    assert client.post("/desk/settings/backups/asked", {"kind": "restore"}).status_code == 404


def test_auditors_read_the_page_and_begin_nothing(desk: Desk) -> None:
    auditor = desk.person("wolfgang")
    auditor.is_auditor = True
    auditor.save(update_fields=["is_auditor"])
    client = signed_in(auditor)
    page = client.get("/desk/settings/backups")
    assert page.status_code == 200 and b"Back up now" not in page.content
    assert client.post("/desk/settings/backups/asked", {"kind": "backup"}).status_code == 404
    assert signed_in(desk.person("anna")).get("/desk/settings/backups").status_code == 404


def test_the_worker_starts_the_command_and_is_not_kept_by_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    started = []

    class Process:
        pid = 1

        def __init__(self, command: list[str], **named: Any) -> None:
            started.append(command)
            assert named["start_new_session"]

        def poll(self) -> int:
            return 0

    settings.HAUSPOST.run.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(subprocess, "Popen", Process)
    assert backups.begin_due() >= 1
    run = BackupRun.objects.get()
    assert started[0][-4:] == ["backup", "--run", str(run.pk), "--prune"]
    backups.begin_due()
    assert len(started) == 1


def test_the_doctor_names_a_failed_and_a_vanished_backup(desk: Desk, settings: Settings, tmp_path: Path) -> None:
    """P17.5."""

    def found() -> doctor.Finding:
        (finding,) = doctor._backups(settings.HAUSPOST)
        return finding

    assert "more than 36 hours" in found().words and found().fix
    run = ran("backup", NOON - HOUR, file=str(tmp_path / "gone.tar.gz"))
    assert "is gone" in found().words
    (tmp_path / "gone.tar.gz").write_bytes(b"")
    assert not found().fix
    run.fault = "No space left"
    run.save()
    assert "No space left" in found().words
