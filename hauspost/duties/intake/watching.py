"""Does mail come and go? Which mail servers and folders are in trouble, and which mailbox is unusually quiet (P10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import hot
from hauspost.ground.accounts.health import FETCHING, SENDING, fault_of
from hauspost.ground.accounts.models import MailAccount
from hauspost.records.people.models import Mailbox

# A server that is away for a moment is no alarm; the pauses between our tries end within this, too.
GRACE = timedelta(minutes=6)
# Who has just entered a mail server may take their time to authorise it.
_SETTING_UP = timedelta(hours=1)

# What is usual is learned from so many weeks before the last mail, and only where there is something to learn from.
LEARNED_FROM = timedelta(weeks=4)
_LEAST_KNOWN = timedelta(weeks=2)
_LEAST_MAILS = 20
# Quiet is an alarm when so many mails would have come by now, and the longest silence of those weeks is passed by far.
_MAILS_MISSED = 10.0
_LONGER_THAN_EVER = 1.5
_SHORTEST = timedelta(hours=2)


@dataclass(frozen=True)
class Trouble:
    """A mail server, or folders of it, that do not work. `kind`: "signed_out" or "failing"."""

    kind: str
    account: int
    name: str
    since: datetime
    # What the servers said, in the company's language.
    said: tuple[str, ...]
    # The mailboxes that wait for it, and their teams.
    addresses: tuple[str, ...]
    teams: frozenset[int]

    def words(self) -> str:
        """In one sentence, for those who wait for this mail."""
        names = {"mailboxes": ", ".join(self.addresses) or self.name}
        if self.kind == "signed_out":
            return _("Mail of %(mailboxes)s stands still: the mail server takes our authorisation no more.") % names
        return _("Mail of %(mailboxes)s stands still: the mail server or its folder cannot be used.") % names


_FETCHED = hot.Question(
    lambda: (
        FetchedFolder.objects.exclude(state=FetchedFolder.State.PAUSED)
        .filter(mailbox__archived_at=None)
        .select_related("mailbox__address")
        .order_by("id")
    )
)
_SENDING = hot.Question(
    lambda: Mailbox.objects.filter(archived_at=None).exclude(sends_by=None).select_related("address").order_by("id")
)


def troubles(moment: datetime) -> list[Trouble]:
    """What has not worked for longer than a moment, the longest first; a lost authorisation counts at once (P10.2)."""
    folders: dict[int, list[FetchedFolder]] = {}
    for row in _FETCHED.all():
        folders.setdefault(row.account_id, []).append(row)
    senders: dict[int, list[Mailbox]] = {}
    for box in _SENDING.all():
        senders.setdefault(box.sends_by_id or 0, []).append(box)
    accounts = MailAccount.objects.active().filter(pk__in={*folders, *senders})
    looked = (_of(one, folders.get(one.pk, []), senders.get(one.pk, []), moment) for one in accounts)
    return sorted((one for one in looked if one is not None), key=lambda one: one.since)


def _of(
    account: MailAccount, rows: Sequence[FetchedFolder], senders: Sequence[Mailbox], moment: datetime
) -> Trouble | None:
    boxes = [*(row.mailbox for row in rows), *senders]
    since = account.failing_since or account.created_at
    is_forgotten = bool(rows) and not account.is_authorised and moment - account.created_at > _SETTING_UP
    if account.state == MailAccount.State.SIGNED_OUT or is_forgotten:
        return _trouble("signed_out", account, since, [account.last_error], boxes)
    if moment - since >= GRACE:
        waiting = {FETCHING: [row.mailbox for row in rows], SENDING: senders}
        faults = {way: fault_of(account, way) for way, who in waiting.items() if who}
        if any(faults.values()):
            told = list(dict.fromkeys(filter(None, faults.values())))
            waiting_for = [box for way, fault in faults.items() if fault for box in waiting[way]]
            return _trouble("failing", account, since, told, waiting_for)
    bad = [row for row in rows if _fails(row, moment)]
    said = [f"{row.folder}: {row.last_error}" for row in bad]
    since = min((row.failing_since for row in bad if row.failing_since is not None), default=since)
    return _trouble("failing", account, since, said, [row.mailbox for row in bad]) if bad else None


def _fails(row: FetchedFolder, moment: datetime) -> bool:
    is_failing = row.state == FetchedFolder.State.FAILING and row.failing_since is not None
    return is_failing and row.failing_since is not None and moment - row.failing_since >= GRACE


def _trouble(
    kind: str, account: MailAccount, since: datetime, said: Sequence[str], boxes: Sequence[Mailbox]
) -> Trouble:
    addresses = dict.fromkeys(box.address.address for box in boxes)
    teams = frozenset(box.team_id for box in boxes)
    return Trouble(kind, account.pk, account.name, since, tuple(filter(None, said)), tuple(addresses), teams)


@dataclass(frozen=True)
class Silence:
    """How long a mailbox has had no mail, and whether that is unusual; `missed` mails would have come by then."""

    mailbox: Mailbox
    last_at: datetime
    is_unusual: bool
    missed: float = 0.0


def silences(moment: datetime) -> list[Silence]:
    """Every mailbox that is watched and ever got mail (P10.3)."""
    boxes = Mailbox.objects.filter(archived_at=None, team__archived_at=None).exclude(quiet_after_hours=0)
    boxes = boxes.select_related("address", "team").prefetch_related("aliases__address").order_by("id")
    return [one for one in (_silence(box, moment) for box in boxes) if one is not None]


def _silence(box: Mailbox, moment: datetime) -> Silence | None:
    addresses = [box.address.address, *(alias.address.address for alias in box.aliases.all())]
    mails = Delivery.objects.filter(mailbox__in=addresses)
    last_at = mails.order_by("-id").values_list("received_at", flat=True).first()
    if last_at is None:
        return None
    if box.quiet_after_hours:
        return Silence(box, last_at, moment - last_at > timedelta(hours=box.quiet_after_hours))
    if moment - last_at < _SHORTEST:
        return Silence(box, last_at, False)
    first = Delivery.objects.filter(received_at__gte=last_at - LEARNED_FROM).order_by("received_at", "id")
    learned = mails.filter(id__gte=first.values_list("id", flat=True).first() or 0)
    zone = timezone.get_default_timezone()
    hours = learned.order_by().annotate(hour=TruncHour("received_at", tzinfo=zone)).values_list("hour")
    missed, is_unusual = _unusual(dict(hours.annotate(count=Count("id"))), last_at, moment)
    return Silence(box, last_at, is_unusual, missed)


def _unusual(counts: Mapping[datetime, int], last_at: datetime, moment: datetime) -> tuple[float, bool]:
    """How many mails would have come since the last one, by weekday and hour; and whether that was never so before.

    Each hour of the week has its usual number of mails, so nights and weekends count for little. The same measure is
    taken of the longest silence in the weeks that were learned from: a mailbox with bursts has longer ones.
    """
    if not counts or last_at - min(counts) < _LEAST_KNOWN or sum(counts.values()) < _LEAST_MAILS:
        return 0.0, False
    weeks = max(1.0, (last_at - min(counts)) / timedelta(weeks=1))
    usual: dict[tuple[int, int], float] = {}
    for hour, count in counts.items():
        usual[hour.weekday(), hour.hour] = usual.get((hour.weekday(), hour.hour), 0.0) + count / weeks
    missed = _mails_between(usual, last_at, moment)
    longest, before = 0.0, min(counts)
    for hour in sorted(counts):
        longest = max(longest, _mails_between(usual, before + timedelta(hours=1), hour))
        before = hour
    return missed, missed >= _MAILS_MISSED and missed > longest * _LONGER_THAN_EVER


def _mails_between(usual: Mapping[tuple[int, int], float], start: datetime, end: datetime) -> float:
    zone, total = timezone.get_default_timezone(), 0.0
    end = min(end, start + timedelta(weeks=4))
    while start < end:
        local = timezone.localtime(start, zone)
        step = min(end - start, timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second))
        total += usual.get((local.weekday(), local.hour), 0.0) * (step / timedelta(hours=1))
        start += max(step, timedelta(seconds=1))
    return total


@dataclass(frozen=True)
class EndingSecret:
    """A client secret that ends in so many days, or has ended (P10.5)."""

    account: MailAccount
    days_left: int


def ending_secrets(moment: datetime) -> list[EndingSecret]:
    """Those of active accounts that end within 30 days."""
    today = timezone.localtime(moment).date()
    rows = MailAccount.objects.active().filter(client_secret_ends_on__lte=today + timedelta(days=30))
    rows = rows.filter(sign_in=MailAccount.SignIn.OAUTH).exclude(client_secret_sealed="")
    return [
        EndingSecret(row, (row.client_secret_ends_on - today).days)
        for row in rows
        if row.client_secret_ends_on is not None
    ]
