"""The verbs of tickets: the only way to change one."""

from hauspost.records.tickets.actions.entries import add_answer, note, release, reply, take_back
from hauspost.records.tickets.actions.handling import (
    assign,
    catalogue,
    change_requester,
    change_subject,
    hand_to,
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

__all__ = [
    "NewTicket", "add_answer", "add_participant", "assign", "catalogue", "change_requester", "change_subject",
    "confirm_participant", "hand_to", "link", "note", "open_ticket", "plan", "release", "remove_participant", "reopen",
    "reply", "set_impact", "set_status", "snooze", "tag", "take_back", "unlink", "untag", "wake",
]  # fmt: skip
