"""What becomes of a mail on its server once we have it for good: marked, flagged, moved or deleted (P2.1)."""

import logging
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts.imap import IMAPClientAbortError, IMAPClientError
from hauspost.ground.accounts.sealed import without_secrets

log = logging.getLogger("hauspost.listeners")

_After = FetchedFolder.Afterwards


class Afterwards:
    """Does what the folder's settings wish; a server that refuses it stops no mail from being fetched."""

    def __init__(self, client: Any, row: FetchedFolder) -> None:
        self._client, self._row = client, row
        # What the server said when it refused, for the settings page.
        self.fault = ""

    @property
    def takes_away(self) -> bool:
        """Whether a mail we have should be there no more."""
        return self._row.afterwards in (_After.MOVE, _After.DELETE)

    def do(self, uids: Sequence[int]) -> None:
        """To these, always by UID, never by number (P2.2). Raises IMAPClientAbortError when the connection is lost."""
        if not uids:
            return
        try:
            self._do(list(uids))
            self.fault = ""
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            said = without_secrets(self._row.account, str(error))
            self.fault = _("Mails are fetched, but the server does not let us mark or move them: %(answer)s") % {
                "answer": said
            }
            log.warning("fetched mails of folder %s could not be marked or moved", self._row.pk)

    def _do(self, uids: list[int]) -> None:
        if self._row.afterwards == _After.MOVE:
            self._move(uids)
        elif self._row.afterwards == _After.DELETE:
            self._delete(uids)
        else:
            flag = b"\\Flagged" if self._row.afterwards == _After.FLAG else b"\\Seen"
            self._client.add_flags(uids, [flag], silent=True)

    def _move(self, uids: list[int]) -> None:
        try:
            self._move_once(uids)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            if self._client.folder_exists(self._row.move_to):
                raise
            self._client.create_folder(self._row.move_to)
            self._move_once(uids)

    def _move_once(self, uids: list[int]) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, self._row.move_to)
        else:
            self._client.copy(uids, self._row.move_to)
            self._delete(uids)

    def _delete(self, uids: list[int]) -> None:
        self._client.add_flags(uids, [b"\\Deleted"], silent=True)
        # A plain EXPUNGE would take away what others have marked; without UIDPLUS the server's own time will come.
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
