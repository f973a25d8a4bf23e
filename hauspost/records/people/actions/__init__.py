"""The verbs of people: the only way to change them."""

from hauspost.records.people.actions.absences import add_absence, end_absence, may_set_absence
from hauspost.records.people.actions.accounts import (
    WaysIn,
    close_ways_in,
    deactivate,
    end_sessions,
    forget_person,
    is_last_administrator,
    reactivate,
    refuse_last_administrator,
    set_password,
    ways_in,
)
from hauspost.records.people.actions.addresses import (
    CHOSEN_KINDS,
    add_address,
    add_shared_address,
    change_address_kind,
    known_person,
    make_main_address,
    normal,
    remove_address,
)
from hauspost.records.people.actions.checks import KEEP, one_line, refuse_taken_key, refuse_unknown_zone
from hauspost.records.people.actions.departments import (
    add_department,
    archive_department,
    change_department,
    restore_department,
)
from hauspost.records.people.actions.first import (
    FIRST_LINK_HOURS,
    become_first_administrator,
    check_first_link,
    first_administrator_link,
)
from hauspost.records.people.actions.links import (
    TICKET_LINK_LIVES,
    TicketLink,
    count_ticket_links,
    forget_old_links,
    make_ticket_link,
    revoke_ticket_links,
    ticket_link,
)
from hauspost.records.people.actions.mail_accounts import (
    AccountFields,
    add_mail_account,
    archive_mail_account,
    authorise_mail_account,
    change_mail_account,
    forget_in_mail_accounts,
    resume_mail_account,
)
from hauspost.records.people.actions.mailbox_keys import KEY_PURPOSE, add_mailbox_key, remove_mailbox_key
from hauspost.records.people.actions.mailboxes import (
    MailboxFields,
    Sender,
    add_alias,
    add_mailbox,
    archive_mailbox,
    change_alias,
    change_mailbox,
    house_sender,
    our_addresses,
    remove_alias,
    restore_mailbox,
)
from hauspost.records.people.actions.many import NewPerson, add_people
from hauspost.records.people.actions.named import (
    archive_named,
    change_named,
    clean_words,
    key_from,
    restore_named,
)
from hauspost.records.people.actions.persons import (
    UNKNOWN,
    add_integration,
    add_person,
    change_person,
    names_of,
    note_bounce,
    person_by,
    rename,
    sender_of_mail,
    set_preferences,
    unknown_sender,
)
from hauspost.records.people.actions.teams import (
    add_team,
    archive_team,
    change_team,
    give_role,
    restore_team,
    take_role,
)
from hauspost.records.people.actions.tokens import (
    TOKEN_SCOPES,
    give_token,
    note_use,
    revoke_token,
    token_of,
    tokens_of,
)

__all__ = [
    "CHOSEN_KINDS", "FIRST_LINK_HOURS", "KEEP", "KEY_PURPOSE", "TICKET_LINK_LIVES", "TOKEN_SCOPES", "UNKNOWN",
    "AccountFields", "MailboxFields", "NewPerson", "Sender", "TicketLink", "WaysIn", "add_absence", "add_address",
    "add_alias", "add_department", "add_integration", "add_mail_account", "add_mailbox", "add_mailbox_key",
    "add_people", "add_person", "add_shared_address", "add_team", "archive_department", "archive_mail_account",
    "archive_mailbox", "archive_named", "archive_team", "authorise_mail_account", "become_first_administrator",
    "change_address_kind", "change_alias", "change_department", "change_mail_account", "change_mailbox",
    "change_named", "change_person", "change_team", "check_first_link", "clean_words", "close_ways_in",
    "count_ticket_links", "deactivate", "end_absence", "end_sessions", "first_administrator_link",
    "forget_in_mail_accounts", "forget_old_links", "forget_person", "give_role", "give_token", "house_sender",
    "is_last_administrator", "key_from", "known_person",
    "make_main_address", "make_ticket_link", "may_set_absence", "names_of", "normal", "note_bounce", "note_use",
    "one_line", "our_addresses", "person_by", "reactivate", "refuse_last_administrator", "refuse_taken_key",
    "refuse_unknown_zone", "remove_address", "remove_alias", "remove_mailbox_key", "rename", "restore_department",
    "restore_mailbox", "restore_named", "restore_team", "resume_mail_account", "revoke_ticket_links", "revoke_token",
    "sender_of_mail", "set_password", "set_preferences", "take_role", "ticket_link", "token_of", "tokens_of",
    "unknown_sender", "ways_in",
]  # fmt: skip
