"""Several mailboxes, folders and processes side by side: none holds up another, and each mail comes once (P1.2, P12.3)."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from hauspost.doors.listeners import _imap_folder
from hauspost.doors.listeners.imap import Fetchers
from hauspost.duties.intake import fetching
from hauspost.duties.intake.actions import keep
from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts import imap
from hauspost.ground.accounts.models import MailAccount
from tests.desk import Desk
from tests.doors._running import until
from tests.imap.conftest import account_of, folder_of
from tests.imap.dovecot import Dovecot
from tests.imap.test_fetching import crlf, letters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def listeners() -> Iterator[Any]:
    """Processes that fetch; each looks at the settings when a test says so."""
    opened: list[Fetchers] = []

    def another() -> Fetchers:
        opened.append(Fetchers(keep))
        return opened[-1]

    yield another
    for one in opened:
        one._end()


def came(subject: str) -> bool:
    return any(subject.encode() in bytes(raw) for raw in Delivery.objects.values_list("raw", flat=True))


def state_of(row: FetchedFolder) -> str:
    return FetchedFolder.objects.get(pk=row.pk).state


def test_a_mailbox_that_does_not_answer_holds_up_no_other(
    lasting_desk: Desk, post: Dovecot, user: str, silent: int, listeners: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1.2; and IDLE tells of new mail at once, long before the next look; what is changed or paused is seen soon."""
    monkeypatch.setattr(imap, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(_imap_folder, "LOOK_EVERY_SECONDS", 3600.0)
    bad = folder_of(account_of(post, f"bad-{user}", imap_port=silent))
    good = account_of(post, user)
    inbox = folder_of(good)
    post.put(user, crlf(lasting_desk.letter("petra", subject="in Scans")), folder="Scans")
    scans = folder_of(good, folder="Scans", afterwards="delete")
    missing = folder_of(good, folder="Nowhere")
    process = listeners()
    process.look()
    until(lambda: came("in Scans") and state_of(inbox) == "working", "the good folders are fetched")
    post.put(user, crlf(lasting_desk.letter("petra", subject="told by IDLE")))
    until(lambda: came("told by IDLE"), "IDLE wakes the folder")
    until(lambda: state_of(bad) == "failing" and state_of(missing) == "failing", "what is wrong is noted")
    bad.refresh_from_db()
    assert "does not answer in time" in bad.last_error and bad.failing_since is not None
    assert MailAccount.objects.get(pk=bad.account_id).state == "failing"
    missing.refresh_from_db()
    assert "Nowhere" in missing.last_error
    # The folder is to blame, not its server.
    assert MailAccount.objects.get(pk=good.pk).state == "working"
    # Mended in the settings, it works without a restart; paused, it is let go of.
    post.put(f"bad-{user}", crlf(lasting_desk.letter("petra", subject="waited long")))
    MailAccount.objects.filter(pk=bad.account_id).update(imap_port=post.port)
    FetchedFolder.objects.filter(pk=scans.pk).update(state="paused")

    def looked() -> bool:
        process.look()
        return came("waited long") and FetchedFolder.objects.get(pk=scans.pk).leased_until is None

    until(looked, "the changed settings hold")
    until(lambda: state_of(bad) == "working", "it is well again")
    bad.refresh_from_db()
    assert (bad.last_error, bad.failing_since, state_of(scans)) == ("", None, "paused")


def test_two_processes_share_the_folders_and_keep_each_mail_once(
    lasting_desk: Desk, post: Dovecot, user: str, listeners: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P12.3: one lease a folder; when its process ends, or is killed, another goes on."""
    monkeypatch.setattr(_imap_folder, "LOOK_EVERY_SECONDS", 3600.0)
    post.put(user, *letters(lasting_desk, 6))
    row = folder_of(account_of(post, user))
    one, other = listeners(), listeners()
    one.look()
    other.look()
    until(lambda: Delivery.objects.count() == 6, "the first process fetches all")
    assert len(one._at_work) == 1 and not other._at_work
    one._end()
    other.look()
    assert len(other._at_work) == 1
    post.put(user, crlf(lasting_desk.letter("petra", subject="for the other one")))
    until(lambda: came("for the other one"), "the other process goes on")
    # Killed, a process lets go of nothing: its lease runs out.
    FetchedFolder.objects.filter(pk=row.pk).update(leased_by="somebody killed", leased_until=clock.now())
    assert fetching.claim(row.pk, "a third one") and not fetching.claim(row.pk, "a fourth one")
    assert fetching.renew([row.pk], other._holder) == set()
    other._renew_at = 0.0
    other._renew()
    until(lambda: not other._at_work[row.pk].fetcher.is_alive(), "who lost the lease stops")
    assert Delivery.objects.count() == 7


def test_even_without_a_lease_two_at_once_keep_each_mail_once(
    lasting_desk: Desk, post: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P12.3: the database knows each mail by server, folder, UIDVALIDITY and UID."""
    post.put(user, *letters(lasting_desk, 25))
    row = folder_of(account_of(post, user), afterwards="delete")
    fetchers = [_imap_folder.Fetcher(row.pk, keep=keep, is_held=lambda: True) for _ in range(3)]
    for fetcher in fetchers:
        fetcher.start()
    until(lambda: Delivery.objects.count() == 25 and not post.flags(user), "all are kept and deleted")
    for fetcher in fetchers:
        fetcher.stop()
    for fetcher in fetchers:
        fetcher.join(20)
    lasting_desk.works()
    while lasting_desk.works():
        pass
    assert Delivery.objects.count() == 25
    assert not Delivery.objects.filter(disposition="duplicate").exists()
