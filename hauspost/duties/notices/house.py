"""Telling all administrators about the house itself: a notice in the page and a mail, each in their own language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.duties.notices.letters import main_addresses
from hauspost.duties.notices.models import Notice
from hauspost.ground import tokens
from hauspost.ground.db import hold
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.actions import house_sender
from hauspost.records.people.models import Person


@dataclass(frozen=True)
class Message:
    """What there is to say: a headline, paragraphs, and the page on which to look ("/desk/settings/…")."""

    headline: str
    paragraphs: Sequence[str]
    page: str


def administrators() -> list[Person]:
    """Who maintains the system, and reads mail."""
    return list(Person.objects.active().filter(is_administrator=True, is_integration=False).order_by("id"))


def tell_administrators(
    kind: str, said: Callable[[], Message], *, moment: datetime, again_after: timedelta | None = None
) -> int:
    """Tell every administrator; answers how many. `said` is asked in each one's language.

    With `again_after` nothing happens when they were told of the same `kind` within that time, by whichever worker.
    """
    with transaction.atomic():
        if again_after is not None:
            hold(f"tell {kind}".encode())
            if Notice.objects.filter(kind=kind, created_at__gt=moment - again_after).exists():
                return 0
        people = administrators()
        Notice.objects.bulk_create(
            Notice(person=one, kind=kind, reason="administrator", created_at=moment) for one in people
        )
        mail_administrators(said, moment=moment)
        return len(people)


def mail_administrators(said: Callable[[], Message], *, moment: datetime) -> None:
    """The same by mail alone; in the caller's transaction."""
    people = administrators()
    addresses = main_addresses(people)
    for person in people:
        if person.id in addresses:
            _mail(person, addresses[person.id], said, moment)


def _mail(person: Person, address: str, said: Callable[[], Message], moment: datetime) -> None:
    config = settings.HAUSPOST
    with translation.override(person.language or settings.LANGUAGE_CODE):
        message = said()
        lines = [message.headline, *message.paragraphs, f"{config.public_url.rstrip('/')}{message.page}"]
        lines.append(_("You get this because you are an administrator."))
    text = "\n\n".join(line for line in lines if line) + "\n"
    sender = house_sender()
    outbox.queue(
        Outgoing(
            from_=("Hauspost", sender.address),
            to=[(person.name, address)],
            subject=f"Hauspost: {message.headline}",
            text=text,
            html=html_of_text(text),
            message_id=message_id_for("notice", 0, 0, person.id, tokens.ring(), config.mail_domain),
            date=moment,
            headers=automatic_headers("auto-generated"),
        ),
        kind=OutgoingMail.Kind.ALERT,
        stream="",
        about=0,
        entry=0,
        # Nothing answers it, and what comes back tells nobody anything.
        envelope_from="",
        recipients=[(address, str(person.uid))],
        account=sender.account,
    )
