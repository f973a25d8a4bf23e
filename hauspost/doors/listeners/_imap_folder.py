"""One folder of one mailbox, fetched in a thread of its own: signs in, takes what is there, waits for more."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, connections
from django.utils.translation import gettext as _

from hauspost.doors.listeners._imap_source import CannotStore, Difficult
from hauspost.doors.listeners._imap_taking import Keep, LostFolder, Taking
from hauspost.duties.intake import fetching
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts import health, imap
from hauspost.ground.accounts.imap import IMAPClientAbortError, IMAPClientError
from hauspost.ground.accounts.refusals import AccountTrouble

log = logging.getLogger("hauspost.listeners")

# However a server tells of new mail, we look so often; and an IDLE never lasts long enough to be cut off unseen.
LOOK_EVERY_SECONDS = 60.0
# After a fault the next try comes after 5, 10, 20 … seconds, and at least every five minutes.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 300.0
# A connection that held so long may break once without being called a fault: servers end them as they like.
_HELD_LONG_SECONDS = 60.0
_SLICE_SECONDS = 1.0


class Fetcher(threading.Thread):
    """Fetches one folder until it is told to stop, or the folder is not to be fetched any more."""

    def __init__(self, folder: int, *, keep: Keep, is_held: Callable[[], bool]) -> None:
        """`is_held` says whether our lease on the folder still holds."""
        super().__init__(name=f"folder-{folder}", daemon=True)
        self.folder = folder
        self._keep, self._is_held = keep, is_held
        self._stop_wanted = threading.Event()
        self._client: Any = None
        self._difficult = Difficult()
        self._may_idle = True
        self._pause_seconds = 0.0

    def stop(self) -> None:
        """Take no further mail; what is being kept is kept."""
        self._stop_wanted.set()

    def break_off(self) -> None:
        """Wait for no server any more."""
        client = self._client
        if client is not None:
            with suppress(OSError, AttributeError, IMAPClientError):
                client.shutdown()

    def run(self) -> None:
        while not self._stop_wanted.is_set():
            began_at = time.monotonic()
            try:
                row = fetching.load(self.folder)
                if row is None:
                    return
                self._fetch(row)
            except LostFolder:
                return
            except (DatabaseError, InterfaceError) as fault:
                log.error("folder %s waits: the database does not answer: %s", self.folder, fault)
                self._pause_seconds = FIRST_PAUSE_SECONDS
            except Exception as fault:
                self._note(fault, held_seconds=time.monotonic() - began_at)
            finally:
                connections.close_all()
            self._stop_wanted.wait(self._pause_seconds)

    def _note(self, fault: Exception, *, held_seconds: float) -> None:
        """A fault is shown and the pause grows; one bad mailbox has no way to disturb another (P1.2)."""
        if isinstance(fault, _Broken) and held_seconds > _HELD_LONG_SECONDS:
            log.info("folder %s: the connection ended, and is made anew", self.folder)
            self._pause_seconds = 0.0
            return
        self._pause_seconds = min(max(self._pause_seconds * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        words: Exception | str = fault.trouble if isinstance(fault, _Broken) else fault
        if isinstance(fault, CannotStore):
            words = _("Mails cannot be stored here (%(reason)s); they stay on their server.") % {"reason": str(fault)}
            log.error("folder %s: mails cannot be stored", self.folder)
        elif not isinstance(words, AccountTrouble):
            log.error("folder %s: a fault of ours", self.folder, exc_info=fault)
            words = _("A fault of Hauspost itself (%(name)s); its log tells more.") % {"name": type(fault).__name__}
        else:
            log.warning("folder %s cannot be fetched (%s)", self.folder, words.code)
        try:
            row = fetching.load(self.folder)
            if row is not None:
                fetching.note_trouble(row, words)
        except (DatabaseError, InterfaceError):
            log.error("folder %s: its fault could not be noted", self.folder)

    def _fetch(self, row: FetchedFolder) -> None:
        """Stay signed in, as long as that goes well. Raises AccountTrouble and whatever else."""
        account = row.account
        try:
            client = self._client = imap.open_mailbox(account)
        except AccountTrouble as trouble:
            health.note_trouble(account, trouble, health.FETCHING)
            raise
        try:
            health.note_good(account, health.FETCHING)
            with imap.in_words(account):
                found = imap.select(client, account, row.folder, readonly=False)
                taking = Taking(client, row, found, keep=self._keep, is_ours=self._may_go_on, difficult=self._difficult)
                taking.begin()
            self._go_on(row, client, taking)
        finally:
            self._client = None
            imap.let_go(client)

    def _may_go_on(self) -> bool:
        return self._is_held() and not self._stop_wanted.is_set()

    def _go_on(self, row: FetchedFolder, client: Any, taking: Taking) -> None:
        try:
            with imap.in_words(row.account):
                while not self._stop_wanted.is_set():
                    taking.take_new()
                    fetching.note_good(row, remark=taking.remark)
                    health.note_good(row.account, health.FETCHING)
                    self._pause_seconds = 0.0
                    # Many folders that wait need no connection to the database each.
                    connections.close_all()
                    self._wait(client)
        except AccountTrouble as trouble:
            raise _Broken(trouble) from None

    def _wait(self, client: Any) -> None:
        """Until there may be new mail, or we have to look anyway."""
        if not (self._may_idle and client.has_capability("IDLE")):
            self._stop_wanted.wait(LOOK_EVERY_SECONDS)
            return
        ends_at = time.monotonic() + LOOK_EVERY_SECONDS
        try:
            client.idle()
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            # It offers what it cannot do; the conversation is out of step now, so begin anew, and do without.
            log.warning("folder %s: the server offers IDLE and cannot do it; we look once a minute", self.folder)
            self._may_idle = False
            raise
        while not self._stop_wanted.is_set() and (left := ends_at - time.monotonic()) > 0:
            began_at, slice_seconds = time.monotonic(), min(left, _SLICE_SECONDS)
            told = client.idle_check(timeout=slice_seconds)
            # Woken without a word: the connection is gone, as the next command will tell.
            if any(_is_new_mail(one) for one in told) or (not told and time.monotonic() - began_at < slice_seconds / 2):
                break
        client.idle_done()


class _Broken(Exception):
    """A connection that worked, and does no more."""

    def __init__(self, trouble: AccountTrouble) -> None:
        self.trouble = trouble
        super().__init__(str(trouble))


def _is_new_mail(told: Any) -> bool:
    return isinstance(told, tuple) and len(told) > 1 and told[1] in (b"EXISTS", b"RECENT")
