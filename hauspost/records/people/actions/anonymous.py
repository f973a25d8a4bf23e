"""The person who stands for all whose tickets have run their time."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.records.people.actions.addresses import known_person, take_address
from hauspost.records.people.actions.persons import add_person
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Address, Person

ANONYMOUS = "anonymised@requester.invalid"


def anonymous_person() -> Person:
    """Whose tickets those are whose requester was anonymised (P41.1); no mail is ever sent to this address."""
    found = known_person(ANONYMOUS)
    if found is None:
        with translation.override(settings.LANGUAGE_CODE):
            found = add_person(_("Anonymised"), None, actor=SYSTEM, is_external=True)
        take_address(found, ANONYMOUS, is_main=False, kind=Address.Kind.MACHINE)
    return found
