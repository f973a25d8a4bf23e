"""Telling administrators once a day that backups fail or are missing: a notice in the page and a mail."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.duties.keeping import watching
from hauspost.duties.keeping.runs import HELD
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

KIND = "backup."
_AGAIN_AFTER = timedelta(hours=23)


def tell_of_alarm(moment: datetime) -> int:
    """Tell every administrator, unless they were told within a day or a backup is on its way; answers how many."""
    state = watching.look(moment)
    if not state.alarm or state.at_work is not None:
        return 0
    with transaction.atomic():
        hold(HELD)
        if Notice.objects.filter(kind__startswith=KIND, created_at__gt=moment - _AGAIN_AFTER).exists():
            return 0
        people = list(Person.objects.active().filter(is_administrator=True, is_integration=False).order_by("id"))
        Notice.objects.bulk_create(
            Notice(person=one, kind=f"{KIND}{state.alarm}", reason="administrator", created_at=moment) for one in people
        )
        for person, address in main_addresses(people).items():
            _mail(next(one for one in people if one.id == person), address, state, moment)
        return len(people)


def _mail(person: Person, address: str, state: watching.State, moment: datetime) -> None:
    config = settings.HAUSPOST
    with translation.override(person.language or settings.LANGUAGE_CODE):
        headline = watching.words(state.alarm)
        lines = [headline, _("What was said: %(fault)s") % {"fault": state.fault[:2000]} if state.fault else ""]
        lines.append(_("`hauspost doctor` names the fix. The state of all backups:"))
        lines.append(f"{config.public_url.rstrip('/')}/desk/settings/backups")
        lines.append(_("You get this once a day because you are an administrator."))
    text = "\n\n".join(line for line in lines if line) + "\n"
    sender = house_sender()
    outbox.queue(
        Outgoing(
            from_=("Hauspost", sender.address),
            to=[(person.name, address)],
            subject=f"Hauspost: {headline}",
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
        envelope_from="",
        recipients=[(address, str(person.uid))],
        account=sender.account,
    )
