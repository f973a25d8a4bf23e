"""What every letter of the desk has in common: from whom, to which thread, in which language."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.ground import hot, tokens
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import ticket_number
from hauspost.ground.mail.addresses import plus_address
from hauspost.ground.mail.compose import Mailbox
from hauspost.ground.text.words import in_language
from hauspost.records.people.actions import make_ticket_link
from hauspost.records.people.models import Address, MailboxAlias, Person, Team
from hauspost.records.people.models import Mailbox as IntakeAddress
from hauspost.records.tickets.models import Entry, Ticket

MOST_REFERENCES = 20
_TICKET = hot.Question(lambda number: Ticket.objects.with_people().filter(number=number))
_BOX = ("name", "language", "sender_name", "signature", "sends_by_id")
_BOXES = hot.Question(
    lambda team: (
        IntakeAddress.objects.filter(team=team, archived_at__isnull=True)
        .order_by("id")
        .values_list("address__address", "may_send", *_BOX)
    )
)
_ALIASES = hot.Question(
    lambda team: (
        MailboxAlias.objects.filter(mailbox__team=team, mailbox__archived_at__isnull=True, may_send=True)
        .order_by("mailbox", "id")
        .values_list("address__address", *(f"mailbox__{name}" for name in _BOX))
    )
)
_MAIN = hot.Question(
    lambda person: (
        Address.objects.filter(person=person, is_main=True)
        .exclude(kind=Address.Kind.OURS)
        .values_list("address", "kind")
    )
)


@dataclass(frozen=True)
class Desk:
    """As whom the desk writes about a ticket."""

    address: str
    name: str
    # The mailbox's own; "" for the team's.
    language: str = ""
    # P31.4: a reply names the person who wrote, or the team only.
    names_person: bool = True
    # What stands below replies, by language.
    signature: Mapping[str, str] = field(default_factory=dict)
    # By which mail server it leaves; None for the house's own.
    account: MailAccount | None = None


def ticket_of(event: Event) -> Ticket:
    """The ticket that an event tells of; the notices of one event, none of which changes it, read it once."""
    kept = event.__dict__.setdefault("_ticket", None)
    if not isinstance(kept, Ticket):
        kept = _TICKET.first(ticket_number(event))
        if kept is None:
            raise Ticket.DoesNotExist(f"There is no ticket {ticket_number(event)}.")
        event.__dict__["_ticket"] = kept
    return kept


def desk_of(ticket: Ticket) -> Desk | None:
    """The address that was written to, if mail may leave under it, else the team's first one that may (P31.1).

    None when there is none.
    """
    boxes = _BOXES.all(ticket.team_id)
    permitted = [(address, *box) for address, may_send, *box in boxes if may_send]
    if ticket.intake_address not in [box[0] for box in boxes] or not permitted:
        # Written to an alias, or to another team's address before it was handed over.
        permitted += _ALIASES.all(ticket.team_id)
    chosen = next((one for one in permitted if one[0] == ticket.intake_address), next(iter(permitted), None))
    if chosen is None:
        return None
    address, name, language, sender_name, signature, account = chosen
    return Desk(
        address=address,
        name=name or ticket.team.name_in(language_of(ticket.requester, ticket.team, language)),
        language=language,
        names_person=sender_name == IntakeAddress.SenderName.PERSON,
        signature=signature,
        account=MailAccount.objects.filter(pk=account).first() if account else None,
    )


def language_of(person: Person | None, team: Team, mailbox: str = "") -> str:
    """The person's language, else the mailbox's, else the team's, else the company's (P44.2)."""
    return (person.language if person else "") or mailbox or team.language or settings.LANGUAGE_CODE


@contextmanager
def spoken_to(person: Person | None, team: Team, mailbox: str = "") -> Iterator[None]:
    """Write in the language of whoever reads, and show times in their zone."""
    with translation.override(language_of(person, team, mailbox)):
        yield


def main_addresses(people: Sequence[Person]) -> dict[int, str]:
    """Where persons read mail, by their id; nobody without an address, and nobody who has left."""
    active = [person.id for person in people if person.is_active]
    if len(active) == 1:
        return dict.fromkeys(active, address) if (address := _main_of(active[0])) else {}
    rows = Address.objects.filter(person_id__in=active, is_main=True).exclude(kind=Address.Kind.OURS)
    return {person: address for person, address in rows.values_list("person_id", "address") if person is not None}


def _main_of(person_id: int) -> str:
    return next((address for address, _kind in _MAIN.all(person_id)), "")


def main_address(person: Person) -> str:
    """Where a person reads mail; "" when we know no address or the person has left."""
    return main_addresses([person]).get(person.id, "")


def signature_of(desk: Desk, person: Person | None, team: Team) -> str:
    """What stands below a reply, in the reader's language; "" for nothing."""
    return in_language(desk.signature, language_of(person, team, desk.language), settings.LANGUAGE_CODE)


def answers_to(desk: Desk, ticket: Ticket, entry_id: int) -> Mailbox:
    """The signed address by which an answer finds its ticket."""
    return (desk.name, plus_address(desk.address, ticket.number, entry_id, tokens.ring()))


def thread_of(ticket: Ticket) -> Sequence[str]:
    """The Message-IDs of the ticket's public entries in order, the first and the latest of them."""
    public = Entry.objects.filter(ticket=ticket, is_public=True).exclude(message_id="")
    ids = list(public.order_by("seq").values_list("message_id", flat=True))
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[-(MOST_REFERENCES - 1) :]]


def subject_of(ticket: Ticket, subject: str) -> str:
    """A subject with the ticket's number, by which servers that drop our headers still thread (P8.1)."""
    return f"{subject} [#{ticket.number}]"


@dataclass(frozen=True)
class WayBack:
    """Where a requester finds the ticket in the browser; a personal one opens by itself, the other asks to sign in."""

    address: str
    is_personal: bool


def way_back(ticket: Ticket, recipients: Sequence[str], *, is_proven: bool = True) -> WayBack | None:
    """The address that a mail to these persons (uids) may carry: the person-bound link only where the requester is
    alone, at a personal address (S12).

    None when the requester has no portal (S9). Call it in the transaction that queues the mail.
    """
    requester = ticket.requester
    if requester.is_external:
        return None
    alone = is_proven and list(recipients) == [str(requester.uid)] and requester.is_active
    if alone and any(kind == Address.Kind.PERSONAL for _address, kind in _MAIN.all(requester)):
        base = settings.HAUSPOST.public_url.rstrip("/")
        return WayBack(f"{base}/t/{make_ticket_link(requester, ticket.number)}", is_personal=True)
    return WayBack(page_of(ticket, at_desk=False), is_personal=False)


def said_of(way: WayBack) -> str:
    """The words for it, in the language that is spoken now."""
    if way.is_personal:
        return _(
            "Your ticket in the browser, for two weeks and without a password. Keep this link to yourself: %(page)s"
        ) % {"page": way.address}
    return _("The ticket in the browser, after signing in: %(page)s") % {"page": way.address}


def page_of(ticket: Ticket, *, at_desk: bool) -> str:
    """The address of a ticket's page."""
    base = settings.HAUSPOST.public_url.rstrip("/")
    return f"{base}/desk/tickets/{ticket.number}" if at_desk else f"{base}/my-tickets/{ticket.number}"
