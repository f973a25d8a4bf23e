"""Backups: complete, of one moment, unreadable for strangers, refused when damaged."""

import contextlib
import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker, Settings

from hauspost.duties.keeping import _format, archive, backup, keep, rows, runs, secrets_box, settings_file
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.keeping.refusals import (
    AlreadyAtWork,
    BackupsAreOff,
    Damaged,
    FromNewer,
    Incomplete,
    NoBackup,
    PassphraseTooShort,
    WrongKey,
)
from hauspost.ground import db, tokens
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

PASSPHRASE = "three quiet words"
CANARY = "canary-password-7781"


@pytest.fixture(autouse=True)
def a_second_connection(
    lasting_desk: Desk, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot is read by a connection of its own, which the test framework would refuse."""
    guarded, plain = BaseDatabaseWrapper.ensure_connection, django_db_blocker._real_ensure_connection

    def ensure(self: BaseDatabaseWrapper) -> None:
        (plain if self.alias.endswith("as it was") else guarded)(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure)


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the backups of this test go."""
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_folder=tmp_path, folder=tmp_path / "desk")
    (tmp_path / "desk").mkdir()
    text = f'language = "de"\noutgoing_host = "mail.example"\noutgoing_user = "us"\noutgoing_password = "{CANARY}"\n'
    (tmp_path / "desk/hauspost.toml").write_text(text)
    return tmp_path


@pytest.fixture
def printer(lasting_desk: Desk) -> Ticket:
    """A ticket with a file."""
    ticket = lasting_desk.ticket("petra", subject="Drucker")
    files = [NewFile("a.bin", "application/octet-stream", b"bytes of a file" * 300)]
    tickets.reply(ticket, Writing(text="So.", files=files), actor=lasting_desk.actor("anna"))
    return ticket


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same backup with members changed (None leaves one out), packed again as anybody could."""
    target = path.with_name("changed.tar.gz")
    with tarfile.open(path) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            source = old.extractfile(member)
            assert source is not None
            content = change(member.name, source.read())
            if content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def test_a_backup_holds_every_row_and_file_and_says_so(printer: Ticket, folder: Path) -> None:
    """P40.1."""
    made, _gone = keep.back_up()
    assert made.path.parent == folder and made.path.stat().st_mode & 0o777 == 0o600
    contents = archive.read_through(made.path)
    for table in rows.tables_at(rows.schema(), without=rows.OF_THIS_MACHINE):
        assert contents.manifest.tables[table.label] == rows.tally(table).as_json(), table.label
    assert contents.manifest.blobs == Blob.objects.count() == made.counts["files"]
    assert made.counts["tickets"] == 1
    run = BackupRun.objects.get()
    assert (run.is_good, run.file, run.counts, run.percent) == (True, str(made.path), made.counts, 100)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_no_password_and_no_key_stands_in_it_in_clear(printer: Ticket, folder: Path) -> None:
    """S21, P40.1: neither without nor with the keys."""
    secrets = [
        CANARY.encode(),
        *(key["secret"].encode() for key in json.loads(tokens.ring().path.read_bytes())["keys"]),
    ]
    made, _gone = keep.back_up()
    assert made.left_out == ("outgoing_password",)
    locked, _gone = keep.back_up(folder / "locked.tar.gz", passphrase=PASSPHRASE)
    for path in (made.path, locked.path):
        assert not [secret for secret in secrets if secret in unpacked(path)]
    assert b'language = "de"' in unpacked(made.path)
    opened = archive.read_through(locked.path, passphrase=PASSPHRASE).secrets
    assert CANARY.encode() in opened["hauspost.toml"]
    assert opened["keys.json"] == tokens.ring().path.read_bytes()


def test_the_wrong_passphrase_opens_nothing(printer: Ticket, folder: Path) -> None:
    with pytest.raises(PassphraseTooShort):
        keep.back_up(passphrase="short")
    assert not BackupRun.objects.exists(), "nothing was tried, so no alarm says that a backup failed"
    made, _gone = keep.back_up(passphrase=PASSPHRASE)
    with pytest.raises(WrongKey):
        archive.read_through(made.path, passphrase="three other words")
    plain, _gone = keep.back_up(folder / "plain.tar.gz")
    with pytest.raises(WrongKey):
        archive.read_through(plain.path, passphrase=PASSPHRASE)
    closed = json.loads(secrets_box.close({"a": b"b"}, PASSPHRASE))
    with pytest.raises(WrongKey):
        secrets_box.open_box(json.dumps(closed | {"n": 1 << 40}).encode(), PASSPHRASE)


def test_a_cut_file_is_refused_wherever_it_was_cut(printer: Ticket, folder: Path) -> None:
    made, _gone = keep.back_up()
    whole = made.path.read_bytes()
    cut = folder / "cut.tar.gz"
    for length in (0, 5, 200, len(whole) // 3, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises((Damaged, NoBackup)):
            archive.read_through(cut)
    for place in range(11, len(whole), len(whole) // 23):
        cut.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with contextlib.suppress(Damaged, NoBackup):
            archive.read_through(cut)
            # Some bits of the packing mean nothing; what comes out is the same.
            assert unpacked(cut) == unpacked(made.path)
    cut.write_bytes(b"no backup at all" * 100)
    with pytest.raises(NoBackup):
        archive.read_through(cut)


def test_an_altered_file_is_refused_though_it_was_packed_again(printer: Ticket, folder: Path) -> None:
    made, _gone = keep.back_up()
    alterations: list[Callable[[str, bytes], bytes | None]] = [
        lambda name, old: old.replace(b"Drucker", b"Drocker") if name.startswith("rows/tickets.Ticket") else old,
        lambda name, old: old[:-1] + b"!" if name.startswith("blobs/") else old,
        lambda name, old: None if name.startswith("blobs/") else old,
        lambda name, old: None if name.startswith("rows/history.Event/") else old,
        lambda name, old: old + b"# more" if name == "hauspost.toml" else old,
        lambda name, old: None if name == "manifest.json" else old,
        lambda name, old: None if name == "manifest.mac" else old,
        lambda name, old: b"{}" if name == "manifest.json" else old,
    ]
    assert archive.read_through(rewritten(made.path, lambda name, old: old)).is_made_by(tokens.ring())
    for alter in alterations:
        with pytest.raises(Damaged):
            archive.read_through(rewritten(made.path, alter))


def test_a_forged_manifest_is_found_by_its_signature(printer: Ticket, folder: Path) -> None:
    """Whoever has no key can make a file that fits itself, but none that was made here."""
    made, _gone = keep.back_up()

    def forge(name: str, old: bytes) -> bytes:
        return json.dumps(json.loads(old) | {"record": {"events": 0}}).encode() if name == "manifest.json" else old

    assert not archive.read_through(rewritten(made.path, forge)).is_made_by(tokens.ring())


def test_a_file_from_a_newer_program_is_refused_by_name(printer: Ticket, folder: Path) -> None:
    made, _gone = keep.back_up()

    def newer(**change: Any) -> Callable[[str, bytes], bytes]:
        return lambda name, old: json.dumps(json.loads(old) | change).encode() if name == "header.json" else old

    with pytest.raises(FromNewer, match="format 2"):
        archive.read_through(rewritten(made.path, newer(format=2)))
    with pytest.raises(FromNewer, match=r"tickets\.9999_later"):
        archive.read_through(rewritten(made.path, newer(schema={"tickets": ["0001_initial", "9999_later"]})))


def test_names_that_lead_elsewhere_are_refused(folder: Path) -> None:
    """S6: nothing is unpacked by its name."""
    for name in ("../../etc/passwd", "blobs/../x", "rows/tickets.Ticket/../../x", "seals/../keys.json"):
        assert _format._what(name) == ("", "")


def test_it_is_one_moment_and_writers_are_not_kept_waiting(lasting_desk: Desk) -> None:
    lasting_desk.ticket("petra")
    with db.snapshot() as moment:
        assert Ticket.objects.using(moment).count() == 1
        lasting_desk.ticket("ines")
        with transaction.atomic():
            Person.objects.update(phone="1")
        assert Ticket.objects.count() == 2
        assert Ticket.objects.using(moment).count() == 1
        assert not Person.objects.using(moment).filter(phone="1").exists()


def test_nothing_can_be_written_through_a_snapshot(lasting_desk: Desk) -> None:
    from django.db import DatabaseError

    with pytest.raises(DatabaseError), db.snapshot() as moment:
        Person.objects.using(moment).update(phone="1")


def test_symlinked_folders_are_followed(printer: Ticket, folder: Path, settings: Settings) -> None:
    """P40.1."""
    data = folder / "data"
    data.mkdir()
    os.symlink(settings.HAUSPOST.data / "blobs", data / "blobs")
    (data / "keys.json").write_bytes(tokens.ring().path.read_bytes())
    settings.HAUSPOST = replace(settings.HAUSPOST, data=data)
    made, _gone = keep.back_up()
    assert made.counts["files"] == Blob.objects.count() > 0 and not made.faulty


def test_a_file_swept_meanwhile_is_left_out_with_its_row(
    printer: Ticket, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unused = files.store(b"nobody needs me")
    plain = backup._add_blob

    def sweep_first(*given: Any) -> bool:
        if Blob.objects.filter(pk=unused.pk).exists():
            files.path_of(unused.sha256).unlink()
            Blob.objects.filter(pk=unused.pk).delete()
        return plain(*given)

    monkeypatch.setattr(backup, "_add_blob", sweep_first)
    made, _gone = keep.back_up()
    assert unused.sha256.encode() not in unpacked(made.path)
    assert archive.read_through(made.path).manifest.tables["files.Blob"]["rows"] == Blob.objects.count()


def test_an_erasure_meanwhile_begins_the_backup_anew(
    printer: Ticket, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the copy would hold rows whose bytes are gone."""
    begun, plain = [], backup._make

    def count(*given: Any) -> backup.Made:
        begun.append(given)
        return plain(*given)

    erased = Blob.objects.get(uses__owner__startswith="entry:")
    plain_add = backup._add_blob

    def erase_first(*given: Any) -> bool:
        if Blob.objects.filter(pk=erased.pk).exists():
            from hauspost.records.tickets.models import Attachment

            files.path_of(erased.sha256).unlink()
            Attachment.objects.filter(blob=erased).update(blob=None)
            erased.uses.all().delete()
            Blob.objects.filter(pk=erased.pk).delete()
        return plain_add(*given)

    monkeypatch.setattr(backup, "_make", count)
    monkeypatch.setattr(backup, "_add_blob", erase_first)
    made, _gone = keep.back_up()
    assert len(begun) == 2
    assert erased.sha256.encode() not in unpacked(made.path)


def test_damage_from_before_is_told_and_removes_nothing(printer: Ticket, folder: Path, settings: Settings) -> None:
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_keep=1)
    good, _gone = keep.back_up(prune=True)
    blob = Blob.objects.get(uses__owner__startswith="entry:")
    files.path_of(blob.sha256).write_bytes(b"rust")
    with pytest.raises(Incomplete, match="damaged in the data folder: 1\\."):
        keep.back_up(prune=True)
    assert good.path.exists()
    assert "missing or damaged" in BackupRun.objects.of("backup")[0].fault
    assert archive.read_through(archive.newest_in(folder) or folder).manifest.faulty == [blob.sha256]


def test_old_backups_go_and_everything_else_stays(lasting_desk: Desk, folder: Path, settings: Settings) -> None:
    """P40.1."""
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_keep=2)
    foreign = folder / "hauspost-2020-01-01T0000.tar.gz"
    foreign.write_bytes(b"of another desk")
    made = []
    for age in (4, 3, 2, 1):
        path = keep.back_up(folder / f"hauspost-{age}.tar.gz", prune=True)[0].path
        os.utime(path, (path.stat().st_mtime - age * 86400,) * 2)
        made.append(path)
    assert [path.exists() for path in made] == [False, False, True, True]
    assert foreign.exists()


def test_only_one_is_at_work_and_a_killed_one_is_told(lasting_desk: Desk, folder: Path) -> None:
    killed = BackupRun.objects.create(kind="backup", asked_at="2026-11-24T02:30Z", seen_at="2026-11-24T02:30Z")
    killed.file = str(folder / "hauspost-x.tar.gz")
    killed.save()
    backup.part_of(Path(killed.file)).write_bytes(b"half of it")
    with runs.alone(), pytest.raises(AlreadyAtWork):
        keep.back_up()
    keep.back_up()
    killed.refresh_from_db()
    assert killed.fault == runs.INTERRUPTED and killed.finished_at is not None
    assert not backup.part_of(Path(killed.file)).exists()


def test_a_full_disk_fails_the_run_in_words_and_leaves_nothing(
    lasting_desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_format.Writer, "add_rows", full)
    with pytest.raises(OSError):
        keep.back_up()
    assert "No space left" in BackupRun.objects.get().fault
    assert list(folder.glob("*.tar.gz*")) == [] and list(folder.glob(".*.part")) == []


def test_without_a_folder_there_is_no_backup(lasting_desk: Desk, settings: Settings, tmp_path: Path) -> None:
    settings.HAUSPOST = replace(django_settings.HAUSPOST, backup_folder=None)
    with pytest.raises(BackupsAreOff):
        keep.back_up()
    with pytest.raises(BackupsAreOff):
        keep.drill()
    assert keep.back_up(tmp_path / "by hand")[0].path.exists()


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ('a = 1\ndata = "x"  # ours\nb = 2\n', ["data"], 'a = 1\n# why:\n# data = "x"  # ours\nb = 2\n'),
        ("folder_watch = [\n  'a',\n  'b',\n]\nb = 2\n", ["folder_watch"],
         "# why:\n# folder_watch = [\n#   'a',\n#   'b',\n# ]\nb = 2\n"),
        ('# data = "x"\n', ["data"], '# data = "x"\n'),
        ('data = "x"', ["data"], '# why:\n# data = "x"\n'),
    ],
)  # fmt: skip
def test_single_settings_are_switched_off_and_the_others_left(text: str, names: list[str], expected: str) -> None:
    assert settings_file.switched_off(text, names, "why") == expected


def test_a_setting_is_set_where_it_stood() -> None:
    assert settings_file.with_value('a = 1\ndata = "x"\nb = 2\n', "data", 'y"\\') == 'a = 1\ndata = "y\\"\\\\"\nb = 2\n'
    assert settings_file.with_value("a = 1\n", "data", "y") == 'a = 1\n\ndata = "y"\n'
    assert settings_file.without_secrets('database_url = "sqlite"\n') == ('database_url = "sqlite"\n', [])
    text, names = settings_file.without_secrets(f'database_url = "postgresql://a:{CANARY}@h/d"\n')
    assert CANARY not in text and names == ["database_url"]
