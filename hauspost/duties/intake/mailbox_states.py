"""How every mailbox fares: by which ways mail comes, whether they work, when the last mail came, how many today."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts.health import FETCHING, SENDING, fault_of
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import OnHold
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Mailbox

# The states from good to bad, in words; the worst one that holds is shown.
STATES: Mapping[str, Callable[[], str]] = {
    "archived": lambda: _("archived"),
    "working": lambda: _("working"),
    "empty": lambda: _("no mail yet"),
    "paused": lambda: _("paused"),
    "quiet": lambda: _("unusually quiet"),
    "failing": lambda: _("failing"),
    "signed_out": lambda: _("needs authorisation"),
}
COLOURS: Mapping[str, str] = {
    "working": "green", "paused": "amber", "quiet": "amber", "failing": "red", "signed_out": "red",
}  # fmt: skip


@dataclass(frozen=True)
class MailboxState:
    """One mailbox at a glance; numbers and times are None where the reader may not know of its mail (P33.3)."""

    mailbox: Mailbox
    folders: list[FetchedFolder]
    state: str
    error: str
    # With which mail server there is trouble.
    trouble: MailAccount | None
    last_mail_at: datetime | None
    mails_today: int | None

    @property
    def words(self) -> str:
        """The state in words."""
        return STATES[self.state]()

    @property
    def colour(self) -> str:
        """The colour of its chip."""
        return COLOURS.get(self.state, "")


def states(actor: Actor, mailboxes: QuerySet[Mailbox] | None = None) -> list[MailboxState]:
    """All mailboxes, those in use first, then by address; in a few questions, however many there are."""
    folders = Prefetch("folders", FetchedFolder.objects.select_related("account").order_by("id"))
    found = Mailbox.objects.all() if mailboxes is None else mailboxes
    rows = found.select_related("address", "team", "sends_by").prefetch_related(folders, "aliases__address")
    boxes = [box for box in rows if not _is_secret(box, actor)]
    addresses = {address for box in boxes for address in _addresses(box)}
    last, today = _last_mails(addresses), _mails_today(addresses)
    told = [_of(box, last, today, is_secret=_is_secret(box, actor)) for box in rows]
    return sorted(told, key=lambda row: (row.mailbox.archived_at is not None, row.mailbox.address.address))


def _is_secret(box: Mailbox, actor: Actor) -> bool:
    """How much mail a confidential team gets is known to whoever runs its mail room (P33.3)."""
    return box.team.is_confidential and not actor.is_system and box.team_id not in actor.teams_with("mailroom")


def _addresses(box: Mailbox) -> list[str]:
    return [box.address.address, *(alias.address.address for alias in box.aliases.all())]


def _last_mails(addresses: set[str]) -> dict[str, datetime]:
    """One look into the index for each address: the journal may hold years."""
    newest = Delivery.objects.filter(mailbox=OuterRef("address")).order_by("-id").values("received_at")[:1]
    rows = Address.objects.filter(address__in=addresses).annotate(at=Subquery(newest)).values_list("address", "at")
    return {address: at for address, at in rows if at is not None}


def _mails_today(addresses: set[str]) -> dict[str, int]:
    midnight = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Delivery.objects.filter(received_at__gte=midnight, mailbox__in=addresses).order_by().values_list("mailbox")
    return dict(rows.annotate(count=Count("id")))


def _of(box: Mailbox, last: Mapping[str, datetime], today: Mapping[str, int], *, is_secret: bool) -> MailboxState:
    addresses = [] if is_secret else _addresses(box)
    last_at = max((last[one] for one in addresses if one in last), default=None)
    folders = list(box.folders.all())
    state, error, trouble = _worst(box, folders, has_mail=is_secret or last_at is not None)
    count = None if is_secret else sum(today.get(one, 0) for one in addresses)
    return MailboxState(box, folders, state, error, trouble, last_at, count)


def _worst(box: Mailbox, folders: list[FetchedFolder], *, has_mail: bool) -> tuple[str, str, MailAccount | None]:
    """The state, what is wrong, and with which mail server."""
    if box.archived_at is not None:
        return "archived", "", None
    fetched = [row for row in folders if row.state != FetchedFolder.State.PAUSED]
    accounts = [row.account for row in fetched] + ([box.sends_by] if box.sends_by is not None else [])
    for account in accounts:
        if account.held_at is not None:
            return "paused", str(OnHold(server=account.name)), account
        if account.state == MailAccount.State.SIGNED_OUT or not account.is_authorised:
            nobody = _("%(name)s has not been authorised yet.") % {"name": account.name}
            return "signed_out", account.last_error or nobody, account
    ways = [(row.account, FETCHING) for row in fetched] + ([(box.sends_by, SENDING)] if box.sends_by else [])
    for account, way in ways:
        if fault := fault_of(account, way):
            return "failing", fault, account
    for row in fetched:
        if row.state == FetchedFolder.State.FAILING:
            return "failing", f"{row.folder}: {row.last_error}", row.account
    if folders and not fetched:
        return "paused", "", None
    if box.told_quiet_at is not None:
        return "quiet", "", None
    return ("working" if has_mail else "empty"), "", None
