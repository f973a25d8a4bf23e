"""Everything the pages do, programs do: every form and every question of the web, with its operation or the reason why not (P38.1)."""

from collections.abc import Mapping

import pytest

from hauspost.doors.api.schema import described, operations
from hauspost.doors.desk.exporting import TABLES
from tests.security.routes import TABLE

# Operations by their ids, several with a blank between; or, after "–", why a program does not need it.
_SIGNING_IN = "– how somebody signs in: a token must never change it"
_PAGES_OWN = "– a matter of the page itself"
_LINK = "– the link of a mail is its own proof; with a token the same is asked as its person"
_DEMO = "– the demo shows its own mailbox"

CHANGES: Mapping[str, str] = {
    "sign-in": _SIGNING_IN, "sign-in-code": _SIGNING_IN, "sign-in-factor": _SIGNING_IN, "sign-in-passkey": _SIGNING_IN,
    "sign-out": _SIGNING_IN, "confirmation": _SIGNING_IN, "own-password": _SIGNING_IN, "authenticator": _SIGNING_IN,
    "authenticator-removal": _SIGNING_IN, "recovery-codes": _SIGNING_IN, "passkeys": _SIGNING_IN,
    "passkey-name": _SIGNING_IN, "passkey-removal": _SIGNING_IN, "first-administrator": _SIGNING_IN,
    "other-sessions": "end_sessions",
    "look": _PAGES_OWN, "composer": _PAGES_OWN,
    "presence": "– whose page is in sight: a program sits before none",
    # Asking, and what a requester does.
    "portal": "open_a_ticket", "me": "change_me", "my-answers": "answer", "my-confirmation": "set_status",
    "my-reopening": "reopen", "my-rating": "rate", "my-links": "end_links", "my-tickets-export": "export_tickets",
    "link-answers": _LINK, "link-confirmation": _LINK, "link-reopening": _LINK, "link-rating": _LINK,
    # The desk.
    "desk-menu": "change_me", "absences": "add_absence", "absence-removal": "end_absence",
    "new-ticket": "open_a_ticket", "filing": "catalogue assign hand_over", "ticket-dossier": "read_dossier",
    "replies": "reply", "notes": "note", "undo": "take_back", "release": "release", "passed-on": "give_to_sender",
    "assignee": "assign", "handing": "hand_over", "status": "set_status", "closure": "set_status", "reopening": "reopen",
    "classification": "catalogue", "impact": "set_impact", "snooze": "snooze", "waking": "wake", "visit": "plan_visit",
    "subject": "change_subject", "requester": "change_requester", "participants": "add_participant",
    "participant-confirmation": "confirm_participant", "participant-removal": "remove_participant",
    "elsewhere": "know_elsewhere", "elsewhere-removal": "forget_elsewhere", "spam": "mark_as_spam", "links": "link",
    "link-removal": "unlink", "tags": "tag", "tag-removal": "untag", "export": "export_tickets",
    "table-export": "– the same lists are answered as JSON: below, table by table", "notices-reading": "read_notices",
    # The mail room.
    "unchecked-judging": "accept_delivery mark_delivery_as_spam discard_delivery",
    "quarantine-retry": "retry_all_deliveries", "delivery-retry": "retry_delivery", "delivery-ticket": "file_delivery",
    "delivery-discarding": "discard_delivery", "outgoing-retry-all": "retry_all_outgoing",
    "outgoing-retry": "retry_outgoing", "reaction-retry": "retry_reaction", "reaction-dropping": "drop_reaction",
    # People and places.
    "settings-person-new": "add_person", "settings-person-details": "change_person",
    "settings-person-place": "set_workplace remove_workplace", "settings-person-rights": "change_person",
    "settings-person-addresses": "add_address", "settings-address-main": "make_main_address",
    "settings-address-removal": "remove_address", "settings-person-roles": "give_role",
    "settings-role-removal": "take_role", "settings-person-absences": "add_absence",
    "settings-absence-removal": "end_absence", "settings-person-sessions": "end_sessions",
    "settings-people-together": "change_person set_workplace remove_workplace give_role deactivate",
    "settings-person-deactivation": "deactivate", "settings-person-merging": "merge_person",
    "settings-person-unmerging": "undo_merging", "settings-person-reactivation": "reactivate",
    "settings-import": "import_people import_places", "settings-import-one": "carry_out_import",
    "settings-export": "export_people export_places", "settings-team-new": "add_team", "settings-team-ways": "change_team",
    "settings-team-members": "give_role", "settings-team-mailboxes": "add_mailbox",
    "settings-team-archive": "archive_team restore_team", "settings-department-new": "add_department",
    "settings-department-details": "change_department",
    "settings-department-archive": "archive_department restore_department", "settings-category-new": "add_a_category",
    "settings-category-details": "change_a_category",
    "settings-category-archive": "archive_a_category restore_a_category", "settings-site-new": "add_site",
    "settings-site-details": "change_site", "settings-site-locations": "add_location",
    "settings-site-archive": "archive_site restore_site", "settings-location-details": "change_location",
    "settings-location-archive": "archive_location restore_location",
    # Mailboxes and mail servers.
    "settings-mailbox-new": "add_mailbox", "settings-mailbox-archive": "archive_mailbox restore_mailbox",
    "settings-mailbox-basics": "change_mailbox", "settings-mailbox-intake": "change_mailbox",
    "settings-mailbox-replies": "change_mailbox", "settings-mailbox-watch": "change_mailbox",
    "settings-mailbox-aliases": "add_mailbox_alias", "settings-mailbox-alias": "change_mailbox_alias",
    "settings-mailbox-alias-removal": "remove_mailbox_alias", "settings-mailbox-folders": "fetch_folder",
    "settings-mailbox-folder": "change_folder", "settings-mailbox-folder-pausing": "pause_folder resume_folder",
    "settings-mailbox-folder-removal": "leave_folder", "settings-mailbox-keys": "add_mailbox_key",
    "settings-mailbox-key-removal": "remove_mailbox_key", "settings-mailbox-receiving": "test_receiving",
    "settings-mailbox-sending": "test_sending", "settings-mailbox-trial": "send_test_mails",
    "settings-mail-server-new": "add_mail_server", "settings-mail-server-details": "change_mail_server",
    "settings-mail-server-login": "change_mail_server", "settings-mail-server-receiving": "test_server_receiving",
    "settings-mail-server-sending": "test_server_sending", "settings-mail-server-resumption": "resume_mail_server",
    "settings-mail-server-archive": "archive_mail_server",
    # Keeping the house.
    "audit-export": "export_audit", "settings-backups-asked": "ask_for_backup",
    "retention-adding": "add_retention_rule", "retention-starting": "start_retention_rule",
    "retention-pausing": "pause_retention_rule", "retention-removing": "remove_retention_rule",
    "holds": "place_legal_hold", "hold-lifting": "lift_legal_hold", "privacy-export": "export_person",
    "privacy-erasure": "erase_person", "emergency-opening": "open_emergency_access",
    # Access for programs.
    "token-new": "give_own_token", "token-removal": "revoke_own_token", "settings-programs": "add_integration",
    "settings-program-token": "give_integration_token", "settings-token-removal": "revoke_token",
}  # fmt: skip

QUERIES: Mapping[str, str] = {
    "health": "– is for whoever watches the machine, without a token", "metrics": "– is for Prometheus, without a token",
    "home": _PAGES_OWN, "sign-in": _SIGNING_IN, "sign-in-code": _SIGNING_IN, "sign-in-factor": _SIGNING_IN,
    "sign-in-passkey": _SIGNING_IN, "security": _SIGNING_IN, "confirmation": _SIGNING_IN, "own-password": _SIGNING_IN,
    "authenticator": _SIGNING_IN, "passkeys": _SIGNING_IN, "first-administrator": _SIGNING_IN,
    "portal": "list_categories list_sites list_locations list_departments", "my-tickets": "list_tickets",
    "shared-tickets": "list_tickets", "department-tickets": "list_tickets", "me": "read_me",
    "my-ticket": "read_ticket list_entries", "my-file": "read_file", "link": _LINK, "link-file": _LINK,
    "desk": _PAGES_OWN, "desk-menu": "read_me", "mine": "list_tickets", "open": "list_tickets", "waiting": "list_tickets",
    "snoozed": "list_tickets", "closed": "list_tickets", "followed": "list_tickets", "absent": "list_tickets",
    "team": "list_tickets", "absences": "list_absences", "search": "search", "people": "list_people",
    "triage": "list_tickets", "sorting": "read_ticket", "new-ticket": "list_teams list_categories",
    "ticket": "read_ticket list_entries list_participants list_links list_tags list_elsewhere list_events",
    "ticket-as-of": "read_ticket_then", "original": "read_original", "original-file": "read_original",
    "original-body": "read_original", "file": "read_file", "notices": "list_notices",
    "ledger": "list_deliveries", "quarantine": "list_deliveries", "unchecked": "list_deliveries",
    "delivery": "read_delivery", "delivery-file": "read_delivered_mail", "delivery-body": "read_delivered_mail",
    "outgoing": "list_outgoing", "reactions": "list_reactions", "demo-mailbox": _DEMO, "demo-mail": _DEMO,
    "demo-mail-body": _DEMO,
    "settings": _PAGES_OWN, "settings-people": "list_people", "settings-person-new": _PAGES_OWN,
    "settings-person": "read_person list_absences", "settings-person-history": "read_audit",
    "settings-person-sight": "read_sight", "settings-people-together": _PAGES_OWN,
    "settings-person-deactivation": "read_work", "settings-person-merging": "read_person", "settings-import": "list_imports",
    "settings-import-one": "read_import list_import_lines", "settings-roles": "list_roles", "settings-teams": "list_teams",
    "settings-team-new": _PAGES_OWN, "settings-team": "list_teams list_mailboxes list_members",
    "settings-departments": "list_departments", "settings-department-new": _PAGES_OWN,
    "settings-department": "list_departments", "settings-categories": "list_categories",
    "settings-category-new": _PAGES_OWN, "settings-category": "list_categories",
    "settings-places": "list_sites list_locations", "settings-site-new": _PAGES_OWN,
    "settings-site": "list_sites list_locations", "settings-location": "list_locations",
    "settings-mailboxes": "list_mailboxes", "settings-mailbox-new": _PAGES_OWN, "settings-mailbox": "read_mailbox",
    "settings-mailbox-folders": "list_server_folders", "settings-mailbox-folder": "read_mailbox",
    "settings-mailbox-arrival": "read_test_mails", "settings-mail-servers": "list_mail_servers",
    "settings-mail-server-new": _PAGES_OWN, "settings-mail-server": "read_mail_server",
    "settings-mail-server-authorisation": "– a person signs in at the provider, in a browser: `authorise_page` names it",
    "settings-mail-authorised": "– a person comes back from the provider, in the same browser",
    "settings-programs": "list_integrations list_personal_tokens", "settings-program": "read_integration",
    "settings-program-token": _PAGES_OWN, "tokens": "list_own_tokens", "token-new": _PAGES_OWN,
    "audit": "read_audit", "settings-backups": "list_backups read_backup_state", "emergency": "list_emergency_accesses",
    "retention": "list_retention_rules list_legal_holds list_expiries",
    "retention-rule": "read_retention_rule preview_retention_rule", "privacy": "list_people",
    "privacy-person": "preview_erasure", "api-docs": "– describes the API to people",
    "api-schema": "– describes the API to programs",
}  # fmt: skip

# The lists that leave the pages as files, beside those of tickets.
LISTS: Mapping[str, str] = {
    "absences": "list_absences", "ledger": "list_deliveries", "quarantine": "list_deliveries",
    "unchecked": "list_deliveries", "outgoing": "list_outgoing", "reactions": "list_reactions", "people": "list_people",
    "teams": "list_teams list_members", "roles": "list_roles", "departments": "list_departments",
    "places": "list_sites list_locations", "categories": "list_categories", "mailboxes": "list_mailboxes",
    "mail-servers": "list_mail_servers", "programs": "list_integrations list_personal_tokens",
    "retention-rules": "list_retention_rules", "holds": "list_legal_holds", "emergencies": "list_emergency_accesses",
    "backups": "list_backups",
}  # fmt: skip

THE_APIS_OWN = ("api", "api-start", "api-nowhere")
METHODS = {one["operationId"]: method.upper() for method, one in operations(described())}


def named(how: str) -> list[str]:
    """The operations that are meant; none where the reason stands instead."""
    return [] if how.startswith("– ") else how.split()


@pytest.mark.parametrize(("entered", "method"), [(CHANGES, "POST"), (QUERIES, "GET")], ids=["changes", "questions"])
def test_whatever_the_pages_do_programs_do(entered: Mapping[str, str], method: str) -> None:
    """P38.1: a new page fails here until it is entered with its operation, or with the reason why there is none."""
    pages = {name for name, route in TABLE.items() if method in route.methods.split() and name not in THE_APIS_OWN}
    assert pages - set(entered) == set(), "enter these, with their operations"
    assert set(entered) - pages == set(), "these are no pages any more"
    missing = {name: one for name, how in entered.items() for one in named(how) if one not in METHODS}
    assert missing == {}, "there is no such operation"
    assert all(len(how) > 12 for how in entered.values() if not named(how)), "say why"


def test_a_question_changes_nothing_and_a_change_is_no_mere_question() -> None:
    """An export is a question, though its page posts it: that it was asked stands in the record."""
    asked = {one for how in QUERIES.values() for one in named(how)}
    assert {one for one in asked if METHODS[one] != "GET"} == set()
    done = {
        name: how for name, how in CHANGES.items() if named(how) and all(METHODS[one] == "GET" for one in named(how))
    }
    assert set(done) == {
        "my-tickets-export",
        "ticket-dossier",
        "export",
        "settings-export",
        "audit-export",
        "privacy-export",
    }


def test_every_list_that_leaves_as_a_file_is_asked_as_json_too() -> None:
    """S15."""
    assert set(LISTS) == set(TABLES)
    assert [one for how in LISTS.values() for one in named(how) if one not in METHODS] == []
