"""The verbs of people: the only way to change them."""

from hauspost.records.people.actions.checks import refuse_taken_key, refuse_unknown_zone
from hauspost.records.people.actions.first import (
    FIRST_LINK_HOURS,
    become_first_administrator,
    check_first_link,
    first_administrator_link,
)
from hauspost.records.people.actions.persons import (
    add_address,
    add_person,
    deactivate,
    first_from,
    forget_person,
    known_person,
    names_of,
    normal,
    note_bounce,
    person_by,
    reactivate,
    rename,
    sender_of_mail,
    set_password,
    set_preferences,
    unknown_sender,
)
from hauspost.records.people.actions.teams import (
    add_department,
    add_mailbox,
    add_team,
    give_role,
    our_addresses,
    take_role,
)

__all__ = [
    "FIRST_LINK_HOURS",
    "add_address", "add_department", "add_mailbox", "add_person", "add_team", "become_first_administrator",
    "check_first_link", "deactivate", "first_administrator_link", "first_from", "forget_person", "give_role",
    "known_person", "names_of", "normal", "note_bounce", "our_addresses", "person_by", "reactivate",
    "refuse_taken_key", "refuse_unknown_zone", "rename", "sender_of_mail", "set_password", "set_preferences",
    "take_role", "unknown_sender",
]  # fmt: skip
