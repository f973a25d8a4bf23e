"""Bytes are kept once, durably and for their users only, and go when nobody needs them."""

import hashlib
import io
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from hauspost.ground.clock import standing_at
from hauspost.ground.files import actions, folder
from hauspost.ground.files.actions import (
    StoredFile,
    open_blob,
    path_of,
    read_blob,
    release,
    remove_now,
    store,
    sweep,
    use,
    verify,
)
from hauspost.ground.files.models import Blob, Use
from hauspost.ground.files.refusals import BytesMissing, NoSuchBlob

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.HAUSPOST = replace(settings.HAUSPOST, data=tmp_path / "data")


def in_hours(hours):
    return datetime.now(UTC) + hours * HOUR


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def all_files(tmp_path):
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("as_what", ["bytes", "stream", "file", "pieces"])
def test_what_is_stored_can_be_read(as_what, tmp_path):
    content = os.urandom(3_000_000)
    given = tmp_path / "given"
    given.write_bytes(content)
    pieces = (content[place : place + 70_000] for place in range(0, len(content), 70_000))
    blob = store({"bytes": content, "stream": io.BytesIO(content), "file": given, "pieces": pieces}[as_what])
    assert (blob.sha256, blob.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert read_blob(blob.sha256) == content
    with open_blob(blob.sha256) as source:
        assert source.read(10) == content[:10]
    assert b"".join(StoredFile(blob).pieces()) == content
    assert given.exists()


def test_no_bytes_at_all_are_bytes_too():
    assert read_blob(store(b"").sha256) == b""


def test_equal_bytes_are_kept_once(tmp_path):
    """P15.7"""
    blobs = [store(b"signature"), store(io.BytesIO(b"signature")), store(b"signature")]
    assert len({blob.pk for blob in blobs}) == 1
    assert all_files(tmp_path) == [blobs[0].sha256]


def test_files_and_folders_are_closed_to_others(tmp_path):
    """S6"""
    before = os.umask(0)
    try:
        path = path_of(store(b"secret").sha256)
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert {mode(parent) for parent in path.parents if tmp_path / "data" in (parent, *parent.parents)} == {0o700}


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "\0" * 64, None])
def test_only_a_digest_can_name_a_file(name):
    """S6"""
    for ask in (path_of, read_blob, open_blob):
        with pytest.raises(NoSuchBlob):
            ask(name)


def test_unknown_bytes_and_lost_bytes_are_told_apart():
    with pytest.raises(NoSuchBlob):
        read_blob("a" * 64)
    blob = store(b"lost")
    path_of(blob.sha256).unlink()
    with pytest.raises(BytesMissing):
        read_blob(blob.sha256)


def test_lost_bytes_come_back_when_stored_again():
    blob = store(b"lost")
    path_of(blob.sha256).unlink()
    assert store(b"lost") == blob
    assert read_blob(blob.sha256) == b"lost"


def test_bytes_are_on_the_disk_before_they_have_their_name(monkeypatch, tmp_path):
    """No half-written file under a name, not even after a power cut."""
    done = []
    fsync, rename = os.fsync, folder.Path.replace
    monkeypatch.setattr(folder.os, "fsync", lambda descriptor: (done.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(folder.Path, "replace", lambda *paths: (done.append("name"), rename(*paths))[1])
    store(b"durable")
    at = done.index("name")
    assert "fsync" in done[:at]
    assert "fsync" in done[at:]


def test_a_full_disk_leaves_nothing_behind(monkeypatch, tmp_path):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.os, "fsync", full)
    (tmp_path / "data" / "blobs" / "new").mkdir(parents=True)
    with pytest.raises(OSError, match="No space"):
        store(b"too much")
    assert not Blob.objects.exists()
    assert all_files(tmp_path) == []


def test_used_bytes_stay():
    blob = store(b"used")
    use(blob, "entry:17")
    assert sweep(in_hours(1000)) == 0
    assert read_blob(blob.sha256) == b"used"


def test_unused_bytes_go_after_a_day(tmp_path):
    store(b"unused")
    assert sweep(in_hours(23)) == 0
    assert sweep(in_hours(25)) == 1
    assert not Blob.objects.exists()
    assert all_files(tmp_path) == []


def test_one_users_end_does_not_take_the_others_bytes():
    blob = store(b"shared")
    use(blob, "entry:1")
    use(blob, "entry:2")
    assert release("entry:1") == [blob]
    assert sweep(in_hours(1000)) == 0
    release("entry:2")
    assert sweep(in_hours(25)) == 1


def test_the_day_begins_with_the_last_release():
    blob = store(b"long used")
    use(blob, "entry:1")
    Blob.objects.update(last_wanted_at=in_hours(-1000))
    release("entry:1")
    assert sweep(in_hours(23)) == 0


def test_a_use_is_counted_once():
    blob = store(b"twice")
    assert use(blob, "entry:1") == use(blob, "entry:1")
    assert Use.objects.count() == 1


def test_storing_known_bytes_again_gives_them_another_day():
    blob = store(b"again")
    Blob.objects.update(last_wanted_at=in_hours(-1000))
    store(b"again")
    assert sweep(in_hours(1)) == 0
    assert read_blob(blob.sha256) == b"again"


def test_who_begins_to_use_while_the_sweep_runs_keeps_his_bytes(monkeypatch):
    """The sweep looks again under the lock that new uses take."""
    blob = store(b"contended")
    Blob.objects.update(last_wanted_at=in_hours(-1000))
    blob.refresh_from_db()
    remove = actions._remove

    def used_just_before(*given, **more):
        use(blob, "entry:1")
        return remove(*given, **more)

    monkeypatch.setattr(actions, "_remove", used_just_before)
    assert sweep(in_hours(0)) == 0
    assert read_blob(blob.sha256) == b"contended"


def test_who_stores_while_the_sweep_runs_keeps_his_bytes(monkeypatch):
    store(b"contended")
    Blob.objects.update(last_wanted_at=in_hours(-1000))
    remove = actions._remove
    monkeypatch.setattr(actions, "_remove", lambda *a, **k: (store(b"contended"), remove(*a, **k))[1])
    assert sweep(in_hours(0)) == 0
    assert list(verify()) == []


def test_using_swept_bytes_is_refused():
    blob = store(b"too late")
    Blob.objects.update(last_wanted_at=in_hours(-1000))
    blob.refresh_from_db()
    sweep(in_hours(0))
    with pytest.raises(NoSuchBlob):
        use(blob, "entry:1")


def test_while_history_is_imported_the_sweep_lives_today():
    with standing_at(datetime(2020, 1, 1, tzinfo=UTC)):
        store(b"imported")
    assert sweep(in_hours(0)) == 0


def test_a_rolled_back_transaction_leaves_bytes_that_go_later(tmp_path):
    with transaction.atomic():
        blob = store(b"rolled back")
        transaction.set_rollback(True)
    assert all_files(tmp_path) == [blob.sha256]
    assert [fault.kind for fault in verify()] == ["unknown"]
    assert sweep(in_hours(2)) == 0
    assert list(verify()) == []
    assert sweep(in_hours(27)) == 1
    assert all_files(tmp_path) == []


def test_bytes_of_a_transaction_under_way_are_not_taken_for_leftovers():
    with transaction.atomic():
        blob = store(b"under way")
        transaction.set_rollback(True)
    sweep(in_hours(0))
    assert not Blob.objects.exists()
    assert path_of(blob.sha256).exists()


def test_leftovers_of_interrupted_writers_go_after_a_day(tmp_path):
    store(b"whole")
    leftover = tmp_path / "data" / "blobs" / "new" / "half"
    leftover.write_bytes(b"ha")
    sweep(in_hours(23))
    assert leftover.exists()
    sweep(in_hours(25))
    assert not leftover.exists()


def test_a_sweep_stopped_between_bytes_and_row_is_finished_by_the_next(monkeypatch):
    store(b"stopped")
    Blob.objects.update(last_wanted_at=in_hours(-1000))
    path_of(Blob.objects.get().sha256).unlink()
    assert sweep(in_hours(0)) == 1


def test_an_erasure_removes_at_once_what_nobody_else_uses():
    mine, shared = store(b"mine"), store(b"shared")
    use(mine, "entry:1")
    use(shared, "entry:1")
    use(shared, "entry:2")
    assert remove_now(release("entry:1")) == [shared]
    assert not path_of(mine.sha256).exists()
    assert read_blob(shared.sha256) == b"shared"


def test_used_bytes_cannot_lose_their_row():
    blob = store(b"held")
    use(blob, "entry:1")
    with pytest.raises(ProtectedError):
        blob.delete()


def test_verify_finds_every_kind_of_fault():
    blobs = {name: store(name.encode()) for name in ("fine", "missing", "changed", "size", "permissions")}
    path_of(blobs["missing"].sha256).unlink()
    path_of(blobs["changed"].sha256).write_bytes(b"CHANGED")
    path_of(blobs["size"].sha256).write_bytes(b"size and more")
    path_of(blobs["permissions"].sha256).chmod(0o644)
    (path_of(blobs["fine"].sha256).parent / ("b" * 64)).write_bytes(b"")
    found = {(fault.kind, fault.sha256) for fault in verify()}
    assert found == {
        ("missing", blobs["missing"].sha256),
        ("changed", blobs["changed"].sha256),
        ("size", blobs["size"].sha256),
        ("changed", blobs["size"].sha256),
        ("permissions", blobs["permissions"].sha256),
        ("unknown", "b" * 64),
    }
