"""What the database knows of fetching: which folders, who fetches each of them, how far we are, and how it goes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.sealed import without_secrets
from hauspost.ground.db import storable
from hauspost.ground.files.actions import open_blob

# Whoever fetches a folder says so again well before this is over; a process that was killed holds it up no longer.
LEASE = timedelta(seconds=60)

_State = FetchedFolder.State
_LEFT = ":left"
# The first line of a stand-in; from elsewhere nobody can write it, as the name of the delivery decides.
LEFT_HEADER = b"Hauspost-Left-Bytes"
_LEFT_BYTES = re.compile(LEFT_HEADER + rb": (\d{1,15})\r?\n")
# With another one of these a folder is fetched anew.
_OF_FOLDER = ("folder", "takes", "afterwards", "move_to", "mailbox_id")
_OF_MAILBOX = ("address_id", "size_limit_bytes", "language")
_OF_ACCOUNT = (
    "id", "imap_host", "imap_port", "imap_security", "user", "sign_in", "password_sealed", "grant", "tenant",
    "client_id", "client_secret_sealed", "token_url", "scopes", "authorised_at",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """A folder that is to be fetched; `settings` change with everything that somebody may change about it."""

    folder: int
    settings: tuple[object, ...]
    is_free: bool


def wanted() -> list[Wanted]:
    """The folders that are to be fetched now: not paused, not archived, and with something to sign in with."""
    moment = clock.now()
    return [
        Wanted(row.pk, _settings_of(row), row.leased_until is None or row.leased_until <= moment)
        for row in _active()
        if row.account.is_authorised
    ]


def _active() -> QuerySet[FetchedFolder]:
    rows = FetchedFolder.objects.exclude(state=_State.PAUSED).exclude(account__imap_host="")
    rows = rows.filter(
        account__archived_at=None, account__held_at=None, mailbox__archived_at=None, mailbox__team__archived_at=None
    )
    return rows.select_related("account", "mailbox__address", "mailbox__team").order_by("id")


def _settings_of(row: FetchedFolder) -> tuple[object, ...]:
    named: Sequence[tuple[Any, Sequence[str]]] = (
        (row, _OF_FOLDER), (row.mailbox, _OF_MAILBOX), (row.account, _OF_ACCOUNT)
    )  # fmt: skip
    return tuple(getattr(one, name) for one, names in named for name in names)


def load(folder: int) -> FetchedFolder | None:
    """A folder with all that fetching it needs; None when it is not to be fetched any more."""
    return _active().filter(pk=folder).first()


def claim(folder: int, holder: str) -> bool:
    """Take a folder for ourselves; False when another process was quicker (P12.3)."""
    moment = clock.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=moment) | Q(leased_by=holder)
    rows = FetchedFolder.objects.filter(free, pk=folder)
    return rows.update(leased_by=holder, leased_until=moment + LEASE) == 1


def renew(folders: Iterable[int], holder: str) -> set[int]:
    """Go on fetching these; answers which of them are still ours."""
    rows = FetchedFolder.objects.filter(pk__in=list(folders), leased_by=holder)
    if not rows.update(leased_until=clock.now() + LEASE):
        return set()
    return set(rows.values_list("pk", flat=True))


def release(folder: int, holder: str) -> None:
    """Let others fetch it, at once."""
    FetchedFolder.objects.filter(pk=folder, leased_by=holder).update(leased_by="", leased_until=None)


def name_of(row: FetchedFolder, uid_validity: int, uid: int) -> str:
    """The name by which a mail is kept once (P2.2, P12.3): another server or user counts anew, so they belong to it."""
    account: MailAccount = row.account
    return f"imap:{account.pk}:{account.user}@{account.imap_host}:{row.folder}:{uid_validity}:{uid}"


def account_of(delivery: Delivery) -> MailAccount | None:
    """The mail server that a delivery was fetched from, by its name; None for what came otherwise."""
    way, _colon, rest = delivery.transaction.partition(":")
    number = rest.partition(":")[0]
    if delivery.via != "imap" or way != "imap" or not number.isdecimal():
        return None
    return MailAccount.objects.filter(pk=int(number)).first()


def left_name_of(row: FetchedFolder, uid_validity: int, uid: int) -> str:
    """The name of what stands for a mail that stays on its server."""
    return name_of(row, uid_validity, uid) + _LEFT


def left_bytes_of(delivery: Delivery) -> int:
    """How big the mail is that stays on its server and for which this one stands; 0 when it is none, or not too big."""
    if not delivery.transaction.endswith(_LEFT):
        return 0
    if delivery.raw is not None:
        beginning = bytes(delivery.raw[:100])
    else:
        with open_blob(delivery.blob) as source:
            beginning = source.read(100)
    found = _LEFT_BYTES.match(beginning)
    return int(found[1]) if found else 0


def kept_of(names: Iterable[str]) -> set[str]:
    """Which of these mails are kept already."""
    return set(Delivery.objects.filter(transaction__in=list(names)).values_list("transaction", flat=True))


def note_position(row: FetchedFolder, uid_validity: int, last_uid: int, *, mails: int) -> None:
    """Every UID up to this one is done."""
    row.uid_validity, row.last_uid = uid_validity, last_uid
    fields: dict[str, Any] = {"uid_validity": uid_validity, "last_uid": last_uid}
    if mails:
        fields["last_mail_at"] = clock.now()
    FetchedFolder.objects.filter(pk=row.pk).update(**fields)


def note_good(row: FetchedFolder, *, remark: str = "") -> None:
    """We have looked, and all is taken; `remark` is what did not work although the mails came."""
    moment: datetime = clock.now()
    rows = FetchedFolder.objects.filter(pk=row.pk).exclude(state=_State.PAUSED)
    words = storable(remark)[:1000]
    rows.update(state=_State.WORKING, checked_at=moment, last_error=words, failing_since=None)
    row.state, row.last_error, row.failing_since = _State.WORKING, words, None


def note_trouble(row: FetchedFolder, error: Exception | str) -> None:
    """It could not be fetched; since when is kept until it works again (P10.2)."""
    words = storable(without_secrets(row.account, str(error)))
    since = Coalesce(F("failing_since"), Value(clock.now()))
    rows = FetchedFolder.objects.filter(pk=row.pk).exclude(state=_State.PAUSED)
    rows.update(state=_State.FAILING, last_error=words, failing_since=since)
