"""What follows from what: the one list, read top to bottom. A reaction sees the event as it was (P37.1)."""

from collections.abc import Callable, Mapping, Sequence

from hauspost.duties.intake import rerouting
from hauspost.duties.intake import telling as mail_settings
from hauspost.duties.notices import acknowledging, answering, closing, handing, telling
from hauspost.duties.reactions import consequences
from hauspost.ground.history.models import Event

Reaction = Callable[[Event], None]

# Whoever turns mail elsewhere does it in sight of all administrators (S17).
_MAIL_SETTINGS: Mapping[str, Sequence[Reaction]] = {
    kind: [mail_settings.tell_of_mail_settings] for kind in mail_settings.KINDS
} | {"mailbox.changed": [rerouting.send_by_the_present_server, mail_settings.tell_of_mail_settings]}

TABLE: Mapping[str, Sequence[Reaction]] = {
    "ticket.opened": [acknowledging.acknowledge, telling.tell_of_new_ticket],
    "ticket.answered": [telling.tell_of_answer],
    "entry.released": [telling.tell_of_answer],
    "ticket.replied": [answering.send_reply],
    "ticket.noted": [telling.tell_of_note],
    "ticket.assigned": [telling.tell_of_assignment],
    "ticket.handed": [telling.tell_of_handover, handing.tell_requester_of_handover],
    "ticket.also_sent": [telling.tell_of_also_sent],
    "ticket.emergency_access": [telling.tell_of_emergency],
    "participant.added": [telling.tell_of_help],
    "ticket.status": [closing.tell_of_solution],
    "ticket.planned": [telling.tell_of_visit],
    "ticket.woken": [telling.tell_of_waking],
    "ticket.reopened": [telling.tell_of_reopening],
    "mail.handed_over": [consequences.let_requester_find],
    "mail.failed": [consequences.let_requester_find, consequences.reopen_unreached, telling.tell_of_failed_sending],
    "mail.bounced": [consequences.count_bounce, consequences.reopen_unreached, telling.tell_of_failed_sending],
    **_MAIL_SETTINGS,
}

BY_NAME: Mapping[str, Reaction] = {
    reaction.__name__: reaction for reactions in TABLE.values() for reaction in reactions
}


def names_for(kind: str) -> Sequence[str]:
    """The names of the reactions to a kind of event, in their order."""
    return [reaction.__name__ for reaction in TABLE.get(kind, ())]
