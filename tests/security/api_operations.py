"""What the matrix of the API asks: every operation, what it sends, and what is worth asking a list."""

import re
from dataclasses import dataclass
from typing import Any

from hauspost.doors.api.schema import described

LATER = "2030-01-01T10:00:00Z"
HERE = {"text": "I was here"}
TABLE = {"csv": "Name;E-Mail\nI was here;here@lindner.example\n"}
TOKEN = {"name": "x", "scopes": ["tickets:read"]}
# What each change sends; a new one must be entered here.
SENDS: dict[str, dict[str, Any]] = {
    "open_a_ticket": {"subject": "x", "text": "x", "team": "hr", "requester": "petra.lang@lindner.example"},
    "reply": HERE, "note": HERE, "answer": HERE, "take_back": {}, "release": {"as_participant": True}, "give_to_sender": {},
    "assign": {"assignee": "me"}, "hand_over": {"team": "facilities"}, "set_status": {"status": "resolved"}, "reopen": {}, "mark_as_spam": {"numbers": [7200001]},
    "know_elsewhere": {"number": "INC0012345"}, "forget_elsewhere": {},
    "catalogue": {"impact": 3, "urgency": 3}, "set_impact": {"people": 3}, "snooze": {"until": LATER}, "wake": {},
    "plan_visit": {"planned_at": LATER}, "change_subject": {"subject": "I was here"},
    "change_requester": {"requester": "mira.kowalski@lindner.example"},
    "add_participant": {"person": "mira.kowalski@lindner.example", "role": "helper"},
    "confirm_participant": {"with_history": True}, "remove_participant": {}, "link": {"number": 7200001}, "unlink": {},
    "tag": {"tag": "washere"}, "untag": {}, "read_notices": {},
    "report_alarm": {"dedup_key": "x", "subject": "x", "text": "x", "team": "hr"}, "report_recovery": {"dedup_key": "x"},
    "add_person": {"name": "x", "address": "x@x.example", "cost_centre": "x"}, "change_person": {"is_administrator": True},
    "deactivate": {}, "reactivate": {}, "add_address": {"address": "y@y.example"}, "make_main_address": {},
    "remove_address": {}, "set_workplace": {"site": "wien"}, "give_role": {"role": "lead"}, "take_role": {},
    "add_team": {"key": "new", "words": {"en": "x"}}, "change_team": {"is_confidential": False}, "archive_team": {},
    "restore_team": {}, "add_department": {"key": "new", "words": {"en": "x"}}, "change_department": {"cost_centre": "9"},
    "archive_department": {}, "restore_department": {}, "add_site": {"key": "new", "words": {"en": "x"}},
    "change_site": {"country": "FR"}, "archive_site": {}, "restore_site": {},
    "add_location": {"key": "new", "words": {"en": "x"}, "site": "wien", "kind": "room"}, "change_location": {"kind": "room"},
    "archive_location": {}, "restore_location": {}, "add_a_category": {"key": "new", "words": {"en": "x"}},
    "add_status": {"key": "new", "words": {"en": "x"}, "kind": "open"}, "retry_delivery": {}, "accept_delivery": {}, "mark_delivery_as_spam": {}, "discard_delivery": {},
    "file_delivery": {}, "retry_outgoing": {}, "rate": {"score": 5}, "end_absence": {}, "undo_merging": {},
    "add_mailbox": {"address": "new@lindner.example", "team": "it"}, "change_mailbox": {"welcomes": "people"},
    "archive_mailbox": {}, "restore_mailbox": {}, "add_mailbox_alias": {"address": "new2@lindner.example"},
    "change_mailbox_alias": {"may_send": True}, "remove_mailbox_alias": {}, "pause_folder": {}, "resume_folder": {},
    "fetch_folder": {"server": 1, "folder": "INBOX"}, "change_folder": {"afterwards": "flag"}, "leave_folder": {},
    "add_mailbox_key": {"file": "eA=="}, "remove_mailbox_key": {}, "test_receiving": {}, "test_sending": {},
    "send_test_mails": {}, "add_mail_server": {"name": "x", "user": "x", "imap_host": "imap.x.example"},
    "change_mail_server": {"name": "x"}, "archive_mail_server": {},
    "resume_mail_server": {}, "import_people": TABLE, "import_places": {"csv": "Standort\nGraz\n"}, "carry_out_import": {"plan": "x", "confirmed": True},
    "hand_over_work_of": {}, "change_a_category": {"default_type": "incident"}, "archive_a_category": {}, "restore_a_category": {},
    "add_retention_rule": {"months": 1, "what": "delete"}, "start_retention_rule": {"seen_it": True}, "pause_retention_rule": {},
    "remove_retention_rule": {}, "place_legal_hold": {"ticket": 7200001, "reason": "x"}, "lift_legal_hold": {},
    "ask_for_backup": {"kind": "backup"}, "change_me": {"language": "de"}, "end_links": {}, "end_sessions": {}, "remove_workplace": {},
    "retry_all_deliveries": {}, "retry_all_outgoing": {}, "retry_reaction": {}, "drop_reaction": {}, "test_server_receiving": {},
    "test_server_sending": {}, "erase_person": {"preview": "x"}, "open_emergency_access": {"ticket": 7200001, "reason": "Because I want to know"},
    "give_own_token": TOKEN, "give_integration_token": TOKEN, "revoke_own_token": {}, "revoke_token": {}, "add_integration": {"name": "x"},
    "add_absence": {"starts_on": "2100-01-01", "ends_on": "2100-01-02"}, "merge_person": {"into": "mira.kowalski@lindner.example"},
}  # fmt: skip
# Of a ticket, what only the desk may ask.
DESK_ONLY = {
    "read_original",
    "list_links",
    "list_elsewhere",
    "list_tags",
    "list_events",
    "read_ticket_then",
    "read_dossier",
}
# Lists and searches, and what is worth asking them.
ASKED: dict[str, tuple[str, ...]] = {
    "list_tickets": ("", "?seen_as=agent", "?seen_as=sharing", "?seen_as=helper", "?seen_as=requester",
                     "?seen_as=participant", "?seen_as=department", "?team=hr", "?state=open&limit=200", "?tag=canarytaghr1",
                     "?assignee=none", "?category=network", "?cursor=7200010", "?snoozed=true", "?snoozed=false&assignee=absent"),
    "export_tickets": ("", "?seen_as=requester", "?team=hr", "?seen_as=department"),
    "search": ("?q=canary", "?q=canarysubject", "?q=canarynotehr1", "?q=7200001", "?q=about", "?q=canary&seen_as=requester",
               "?q=canarynote&seen_as=requester", "?q=canary&seen_as=agent", "?q=canaryheldit"),
    "list_people": ("", "?q=canary", "?q=mira", "?q=canaryperson", "?limit=200"),
    "read_ticket_then": ("?at=2100-01-01T00:00:00Z", "?at=2000-01-01T00:00:00Z"),
    "list_mailboxes": ("",), "list_mail_servers": ("",), "list_imports": ("",), "export_people": ("", "?empty=true"),
    "export_places": ("",), "list_import_lines": ("", "?what=rejected"), "list_retention_rules": ("",), "list_expiries": ("",),
    "list_legal_holds": ("", "?ticket=7200001"), "list_backups": ("", "?limit=1"), "read_backup_state": ("",),
    "read_audit": ("?limit=200", "?group=privacy", "?words=canary", "?words=mira", "?who=giulia", "?group=access&limit=200"),
    "export_audit": ("", "?words=canary", "?group=privacy"),
    "list_roles": ("",), "list_reactions": ("",), "list_emergency_accesses": ("",), "list_own_tokens": ("",),
    "list_personal_tokens": ("",), "list_integrations": ("",), "read_sight": ("?ticket=7100001", "?ticket=7200001"),
    "list_deliveries": ("", "?words=canary", "?sender=canaryperson", "?disposition=ticket", "?limit=200"),
}  # fmt: skip
# Of the company's own set-up everybody may know.
FOR_ALL = {
    "read_me",
    "list_teams",
    "list_departments",
    "list_sites",
    "list_locations",
    "list_categories",
    "list_statuses",
}


@dataclass(frozen=True)
class Operation:
    """One operation, from the description."""

    id: str
    method: str
    path: str

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def is_of_ticket(self) -> bool:
        return "{number}" in self.path


OPERATIONS = [
    Operation(one["operationId"], method.upper(), path)
    for path, methods in described()["paths"].items()
    for method, one in methods.items()
]

# Whose they are: of those who maintain the system, and of those who watch over it, too.
OF_ADMINISTRATORS = (
    "/mail/outgoing", "/mailboxes", "/mail-servers", "/imports", "/people.csv", "/places.csv", "/people/{uid}/work",
    "/retention-rules", "/legal-holds", "/expiries", "/mail/reactions", "/people/{uid}/export", "/people/{uid}/erasure",
    "/tokens", "/integrations",
)  # fmt: skip
OF_AUDITORS = ("/audit", "/backups", "/emergency-accesses", "/roles", "/teams/{key}/members", "/people/{uid}/sight")
