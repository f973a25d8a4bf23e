"""The verbs of tickets: the only way to change one."""

from hauspost.records.tickets.actions.elsewhere import forget_elsewhere, know_elsewhere, numbers_in
from hauspost.records.tickets.actions.emergency import open_emergency_access
from hauspost.records.tickets.actions.entries import add_answer, note, release, reply, take_back
from hauspost.records.tickets.actions.handing import hand_to
from hauspost.records.tickets.actions.handling import (
    assign,
    catalogue,
    change_requester,
    change_subject,
    plan,
    reopen,
    set_impact,
    set_status,
    snooze,
    wake,
)
from hauspost.records.tickets.actions.opening import NewTicket, open_ticket
from hauspost.records.tickets.actions.relations import (
    add_participant,
    confirm_participant,
    link,
    remove_participant,
    tag,
    unlink,
    untag,
)
from hauspost.records.tickets.actions.satisfaction import MAY_CHANGE_FOR, may_rate, rate
from hauspost.records.tickets.actions.sharing import also_send_to
from hauspost.records.tickets.actions.spam import mark_as_spam, take_from_spam

__all__ = [
    "MAY_CHANGE_FOR", "NewTicket", "add_answer", "add_participant", "also_send_to", "assign", "catalogue",
    "change_requester", "change_subject", "confirm_participant", "forget_elsewhere", "hand_to", "know_elsewhere",
    "link", "mark_as_spam", "may_rate", "note", "numbers_in", "open_emergency_access", "open_ticket", "plan", "rate",
    "release", "remove_participant", "reopen", "reply", "set_impact", "set_status", "snooze", "tag", "take_back",
    "take_from_spam", "unlink", "untag", "wake",
]  # fmt: skip
