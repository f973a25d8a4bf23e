"""Intake addresses: where mail becomes tickets, who may write there, and as whom the desk answers (P31, P35)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, When
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.db import storable
from hauspost.ground.history.actions import record
from hauspost.ground.mail import outbox
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.addresses import normal
from hauspost.records.people.actions.checks import one_line, only_administrators, refuse_unknown_language
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Mailbox, MailboxAlias, Team
from hauspost.records.people.refusals import AddressIsAPersons

MOST_DOMAINS = 500
LONGEST_SIGNATURE = 4000
# Ten years: whoever wants more keeps them, with 0.
MOST_UNCHECKED_DAYS = 3650
MOST_QUIET_HOURS = 24 * 60
# Smaller, and no mail would pass at all.
LEAST_SIZE_BYTES = 10_000


class MailboxFields(TypedDict, total=False):
    """What can be said about a mailbox; what is not named stays as it is."""

    team: Team
    name: str
    language: str
    welcomes: str
    domains: Sequence[str]
    takes_automatic: bool
    ignores_internal: bool
    unchecked_days: int
    size_limit_bytes: int
    answers_too_big: bool
    signature: Mapping[str, str]
    sender_name: str
    may_send: bool
    sends_by: MailAccount | None
    quiet_after_hours: int | None


@transaction.atomic
def add_mailbox(address: str, team: Team, *, actor: Actor, name: str = "", language: str = "") -> Mailbox:
    """Let mail to an address become tickets of a team. Records "mailbox.added".

    Raises NotAllowed, NotAnAddress, AddressIsAPersons, Invalid.
    """
    only_administrators(actor)
    called, spoken, clean = one_line(name, 120), _language(language), normal(address)
    row = Address.objects.filter(address=clean).first()
    if row is not None and (_mailbox_of(row) or _alias_of(row)):
        raise Invalid("address", _("%(address)s is an intake address already") % {"address": clean})
    mailbox = Mailbox.objects.create(address=_as_ours(clean, row), team=_team(team), name=called, language=spoken)
    after = {"address": clean, "team": team.key, "name": called, "language": spoken}
    record("mailbox.added", mailbox.stream, actor=actor, data={"before": {}, "after": after})
    return mailbox


@transaction.atomic
def change_mailbox(mailbox: Mailbox, *, actor: Actor, **asked: Unpack[MailboxFields]) -> Mailbox:
    """Say what has changed about an intake address. Records "mailbox.changed", of which administrators are told (S17).

    Raises NotAllowed, Invalid.
    """
    only_administrators(actor)
    fields = {name: _CHECKS[name](value) for name, value in asked.items()}
    now = _locked(mailbox)
    if "team" in fields:
        _refuse_opening(now, fields["team"], actor)
    changed = [name for name, value in fields.items() if getattr(now, name) != value]
    for name, value in fields.items():
        setattr(mailbox, name, value)
    if not changed:
        return mailbox
    if "quiet_after_hours" in changed:
        mailbox.told_quiet_at = None
        mailbox.save(update_fields=["told_quiet_at"])
    mailbox.save(update_fields=changed)
    before = {name: _recorded(getattr(now, name)) for name in changed}
    after = {name: _recorded(fields[name]) for name in changed}
    record("mailbox.changed", mailbox.stream, actor=actor, data={"before": before, "after": after})
    return mailbox


@transaction.atomic
def archive_mailbox(mailbox: Mailbox, *, actor: Actor) -> None:
    """Let an address take no mail any more; it stays ours, so it never becomes a person's. Records "mailbox.archived".

    Doors call `duties.intake.folders.close_mailbox`, which also ends the fetching. Raises NotAllowed.
    """
    only_administrators(actor)
    now = _locked(mailbox)
    mailbox.archived_at = now.archived_at
    if now.archived_at is None:
        mailbox.archived_at = clock.now()
        mailbox.save(update_fields=["archived_at"])
        record("mailbox.archived", mailbox.stream, actor=actor)


@transaction.atomic
def restore_mailbox(mailbox: Mailbox, *, actor: Actor) -> None:
    """Let an address take mail again. Records "mailbox.restored". Raises NotAllowed, Invalid (it is an alias now)."""
    only_administrators(actor)
    now = _locked(mailbox)
    if alias := _alias_of(mailbox.address):
        reason = _("%(address)s is an alias of %(other)s now; take it away there first")
        raise Invalid("address", reason % {"address": mailbox.address.address, "other": alias.mailbox.address.address})
    mailbox.archived_at = None
    if now.archived_at is not None:
        mailbox.save(update_fields=["archived_at"])
        record("mailbox.restored", mailbox.stream, actor=actor)


@transaction.atomic
def add_alias(mailbox: Mailbox, address: str, *, actor: Actor, may_send: bool = False) -> MailboxAlias:
    """Let mail to one more address come to a mailbox (P31.1). Records "mailbox.alias_added".

    It may be the address of an archived mailbox: so mail to a former address goes on arriving.
    Raises NotAllowed, NotAnAddress, AddressIsAPersons, Invalid.
    """
    only_administrators(actor)
    _locked(mailbox)
    clean = normal(address)
    row = Address.objects.filter(address=clean).first()
    if row is not None:
        there = _alias_of(row)
        own = there.mailbox if there is not None else _mailbox_of(row)
        # Who could read what came to a former mailbox goes on reading it, and nobody else (P33.3).
        if own is not None and (there is not None or own.archived_at is None or own.team_id != mailbox.team_id):
            reason = _("%(address)s is an intake address of %(team)s already")
            raise Invalid("alias", reason % {"address": clean, "team": own.team.name})
    alias = MailboxAlias.objects.create(address=_as_ours(clean, row), mailbox=mailbox, may_send=may_send)
    after = {"alias": clean, "may_send": may_send}
    record("mailbox.alias_added", mailbox.stream, actor=actor, data={"before": {}, "after": after})
    return alias


@transaction.atomic
def change_alias(alias: MailboxAlias, *, actor: Actor, may_send: bool) -> None:
    """Say whether replies may leave under an alias (P31.1). Records "mailbox.alias_changed". Raises NotAllowed."""
    only_administrators(actor)
    _locked(alias.mailbox)
    before, alias.may_send = MailboxAlias.objects.get(pk=alias.pk).may_send, may_send
    if before != may_send:
        alias.save(update_fields=["may_send"])
        data = {
            "before": {"alias": alias.address.address, "may_send": before},
            "after": {"alias": alias.address.address, "may_send": may_send},
        }
        record("mailbox.alias_changed", alias.mailbox.stream, actor=actor, data=data)


@transaction.atomic
def remove_alias(alias: MailboxAlias, *, actor: Actor) -> None:
    """Let an address be ours no more: mail to it is refused, and it may become a person's.

    Records "mailbox.alias_removed". Raises NotAllowed.
    """
    only_administrators(actor)
    mailbox, address = alias.mailbox, alias.address
    _locked(mailbox)
    alias.delete()
    if _mailbox_of(address) is None:
        address.delete()
    data = {"before": {"alias": address.address}, "after": {"alias": ""}}
    record("mailbox.alias_removed", mailbox.stream, actor=actor, data=data)


def our_addresses() -> frozenset[str]:
    """Every intake address that is in use, aliases included."""
    boxes = Mailbox.objects.filter(archived_at__isnull=True, team__archived_at__isnull=True)
    aliases = MailboxAlias.objects.filter(mailbox__archived_at__isnull=True, mailbox__team__archived_at__isnull=True)
    rows = boxes.values_list("address__address", flat=True)
    return frozenset(rows.union(aliases.values_list("address__address", flat=True), all=True))


@dataclass(frozen=True)
class Sender:
    """As whom the house itself writes: codes for signing in, alarms; and by which mail server, None for its own."""

    name: str
    address: str
    account: MailAccount | None = None


def house_sender() -> Sender:
    """The first intake address that may send and is not a confidential team's: a mail server lets us write as it.

    One whose mail server works comes first: of trouble we tell by another way, if there is one (P10.2).
    """
    boxes = Mailbox.objects.filter(
        archived_at__isnull=True, team__archived_at__isnull=True, team__is_confidential=False, may_send=True
    )
    in_trouble = Q(sends_by__state__in=[MailAccount.State.FAILING, MailAccount.State.SIGNED_OUT])
    if not outbox.has_a_way_of_its_own():
        in_trouble |= Q(sends_by=None)
    box = boxes.select_related("address", "sends_by").order_by(Case(When(in_trouble, then=1), default=0), "id").first()
    if box is None:
        return Sender("Hauspost", f"noreply@{settings.HAUSPOST.mail_domain}")
    return Sender(box.name, box.address.address, box.sends_by)


def _refuse_opening(mailbox: Mailbox, team: Team, actor: Actor) -> None:
    """What came to a confidential team would be read by another one: only for whoever may read it now (P33.3)."""
    old = mailbox.team
    if old.is_confidential and team != old and not actor.may("mailroom", old.id):
        reason = _("mail to it is confidential: somebody who runs the mailroom of %(team)s has to do this")
        raise Invalid("team", reason % {"team": old.name})


def _as_ours(clean: str, row: Address | None) -> Address:
    """The row of an address that is ours from now on. Raises AddressIsAPersons (P7.7)."""
    if row is not None and row.person_id is not None:
        raise AddressIsAPersons(address=clean)
    row = row or Address(address=clean, created_at=clock.now())
    row.kind, row.person, row.is_main = Address.Kind.OURS, None, False
    row.save()
    return row


def _mailbox_of(row: Address) -> Mailbox | None:
    return Mailbox.objects.filter(address=row).select_related("team").first()


def _alias_of(row: Address) -> MailboxAlias | None:
    return MailboxAlias.objects.filter(address=row).select_related("mailbox__address", "mailbox__team").first()


def _locked(mailbox: Mailbox) -> Mailbox:
    return Mailbox.objects.select_for_update(of=("self",)).select_related("team", "sends_by").get(pk=mailbox.pk)


def _recorded(value: Any) -> Any:
    """A value as the record keeps it: teams by key, mail servers by name."""
    if isinstance(value, Team):
        return value.key
    return value.name if isinstance(value, MailAccount) else value


def _team(team: Team) -> Team:
    if team.archived_at is not None:
        raise Invalid("team", _("%(name)s is archived") % {"name": team.name})
    return team


def _language(language: str) -> str:
    refuse_unknown_language(language)
    return language


def _domains(domains: Sequence[str]) -> list[str]:
    clean = list(dict.fromkeys(one.strip().lower().removeprefix("@").rstrip(".") for one in domains if one.strip()))
    if wrong := [one for one in clean if "." not in one or not _is_domain(one)]:
        raise Invalid(
            "domains", _("%(domain)s is no mail domain; write it like firma.example") % {"domain": wrong[0][:80]}
        )
    if len(clean) > MOST_DOMAINS:
        raise Invalid("domains", _("at most %(count)s") % {"count": MOST_DOMAINS})
    return clean


def _is_domain(text: str) -> bool:
    return len(text) <= 253 and all(re.fullmatch(r"[^\W_](?:[\w-]{0,61}[^\W_])?", part) for part in text.split("."))


def _signature(signature: Mapping[str, str]) -> dict[str, str]:
    known = {tag for tag, _name in settings.LANGUAGES}
    if unknown := sorted(set(signature) - known):
        reason = _("%(language)s is none of the languages here")
        raise Invalid("signature", reason % {"language": ", ".join(unknown)[:60]})
    clean = {tag: storable(text.replace("\0", "").replace("\r\n", "\n")).strip() for tag, text in signature.items()}
    if any(len(text) > LONGEST_SIGNATURE for text in clean.values()):
        raise Invalid("signature", _("at most %(count)s characters") % {"count": LONGEST_SIGNATURE})
    return {tag: text for tag, text in clean.items() if text}


def _size_limit(size_bytes: int) -> int:
    most = settings.HAUSPOST.mail_size_limit
    if size_bytes and not LEAST_SIZE_BYTES <= size_bytes <= most:
        reason = _("from 10 kB to %(most)s MB, which is as large as this house takes; 0 for that")
        raise Invalid("size_limit_bytes", reason % {"most": f"{most / 1_000_000:g}"})
    return size_bytes


def _sends_by(account: MailAccount | None) -> MailAccount | None:
    if account is not None and (account.archived_at is not None or not account.smtp_host):
        raise Invalid("sends_by", _("%(name)s sends no mail; name its SMTP server first") % {"name": account.name})
    return account


def _within(field: str, value: int | None, most: int) -> int | None:
    if value is not None and not 0 <= value <= most:
        raise Invalid(field, _("from 0 to %(most)s") % {"most": most})
    return value


def _one_of(field: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise Invalid(field, ", ".join(allowed))
    return value


_CHECKS: Mapping[str, Any] = {
    "team": _team,
    "name": lambda value: one_line(value, 120),
    "language": _language,
    "welcomes": lambda value: _one_of("welcomes", value, Mailbox.Welcome.values),
    "domains": _domains,
    "takes_automatic": bool,
    "ignores_internal": bool,
    "unchecked_days": lambda value: _within("unchecked_days", value, MOST_UNCHECKED_DAYS),
    "size_limit_bytes": _size_limit,
    "answers_too_big": bool,
    "signature": _signature,
    "sender_name": lambda value: _one_of("sender_name", value, Mailbox.SenderName.values),
    "may_send": bool,
    "sends_by": _sends_by,
    "quiet_after_hours": lambda value: _within("quiet_after_hours", value, MOST_QUIET_HOURS),
}
