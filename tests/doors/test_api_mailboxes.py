"""Mailboxes and mail servers by API: everything that the pages do, for administrators' programs; secrets go in only."""

import json
from typing import Any

import pytest

from hauspost.duties.intake import trying
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts import sealed
from hauspost.ground.accounts.checking import Finding
from hauspost.ground.accounts.models import MailAccount
from hauspost.records.people.models import Mailbox, MailboxAlias
from tests.desk import Desk
from tests.doors.calling import Program

SECRET = "canary-k7Qp!secret"
SERVER = {
    "name": "Dovecot",
    "imap_host": "imap.x.example",
    "smtp_host": "smtp.x.example",
    "user": "it",
    "password": SECRET,
}


@pytest.fixture
def karim(desk: Desk) -> Program:
    """An administrator's program."""
    return Program.of(desk, "karim", "mail:read", "mail:write")


def test_only_administrators_programs_know_of_it(desk: Desk) -> None:
    """S17: to a dispatcher, whose token reaches the mail room, there is no such thing."""
    deniz = Program.of(desk, "deniz", "mail:read", "mail:write")
    for path in ("mailboxes", "mailboxes/1", "mail-servers"):
        deniz.get(path, 404)
    deniz.post("mailboxes", {"address": "x@lindner.example", "team": "it"}, 404)
    Program.of(desk, "karim", "tickets:read").get("mailboxes", 403)
    Program.of(desk, "karim", "mail:read").post("mailboxes", {"address": "x@lindner.example", "team": "it"}, 403)


def test_a_mailbox_from_its_address_to_the_archive(karim: Program, desk: Desk) -> None:
    made = karim.post("mailboxes", {"address": "Hilfe@Tickets.Lindner.example", "team": "it"})
    one = f"mailboxes/{made['id']}"
    server = karim.post("mail-servers", SERVER)["id"]
    change = {
        "welcomes": "domains", "domains": ["@Partner.example"], "signature": {"de": "IT"}, "sender_name": "team",
        "sends_by": server, "quiet_after_hours": 0, "size_limit_bytes": 20_000_000, "team": "facilities",
    }  # fmt: skip
    karim.patch(one, change)
    alias = karim.post(f"{one}/aliases", {"address": "hilfe@lindner.example", "may_send": True})["id"]
    folder = karim.post(f"{one}/folders", {"server": server, "folder": "INBOX", "takes": "unread"})["id"]
    karim.patch(f"{one}/folders/{folder}", {"afterwards": "move", "move_to": "Done"})
    karim.post(f"{one}/folders/{folder}/pausing", status=200)
    told = karim.get(one)
    assert {name: told[name] for name in change} == change | {"domains": ["partner.example"]}
    assert (told["address"], told["state"]) == ("hilfe@tickets.lindner.example", "paused")
    assert told["aliases"] == [{"id": alias, "address": "hilfe@lindner.example", "may_send": True}]
    assert [(row["folder"], row["takes"], row["move_to"], row["state"]) for row in told["folders"]] == [
        ("INBOX", "unread", "Done", "paused")
    ]
    karim.delete(f"{one}/folders/{folder}/pausing")
    karim.delete(f"{one}/folders/{folder}")
    karim.delete(f"{one}/aliases/{alias}")
    karim.post(f"{one}/archiving", status=200)
    assert karim.get(one)["is_archived"] is True
    karim.delete(f"{one}/archiving")
    assert not MailboxAlias.objects.exists() and not FetchedFolder.objects.exists()


def test_what_is_wrong_is_named_by_its_field(karim: Program, desk: Desk) -> None:
    """P54.1; one mailbox's alias is not another one's."""
    box = Mailbox.objects.get(address__address=desk.address("it")).pk
    for body, field in (
        ({"domains": ["no domain"]}, "domains"),
        ({"sends_by": 99}, "sends_by"),
        ({"team": "x"}, "team"),
    ):
        assert karim.patch(f"mailboxes/{box}", body, 422)["errors"][0]["field"] == field
    karim.post(f"mailboxes/{box}/aliases", {"address": desk.address("petra")}, 409)
    alias = karim.post(f"mailboxes/{box}/aliases", {"address": "edv@lindner.example"})["id"]
    other = Mailbox.objects.get(address__address=desk.address("hr")).pk
    karim.delete(f"mailboxes/{other}/aliases/{alias}", 404)
    karim.post(f"mailboxes/{box}/keys", {"file": "bm8ga2V5"}, 422)


def test_secrets_are_written_and_never_read(karim: Program) -> None:
    """S21."""
    made = karim.post("mail-servers", SERVER | {"client_secret": SECRET})
    told = [karim.get("mail-servers"), karim.get(f"mail-servers/{made['id']}"), made]
    assert SECRET not in json.dumps(told)
    assert told[1]["has_password"] is True and told[1]["has_client_secret"] is True
    karim.patch(f"mail-servers/{made['id']}", {"name": "Other", "password": "", "believes_unnamed_results": True})
    account = MailAccount.objects.get()
    assert (account.name, sealed.password_of(account)) == ("Other", SECRET)
    assert karim.get(f"mail-servers/{made['id']}")["believes_unnamed_results"] is True
    refused = karim.patch(f"mail-servers/{made['id']}", {"imap_host": "evil.example"}, 422)
    assert refused["errors"][0]["field"] == "password"
    karim.post(f"mail-servers/{made['id']}/archiving", status=200)
    assert MailAccount.objects.get().password_sealed == ""


def test_tests_by_program(karim: Program, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P2.4, P31.2, P8.1."""

    def found(*_given: Any) -> list[Finding]:
        return [Finding(False, "may not send", "550 SendAsDenied")]

    monkeypatch.setattr(trying, "check_smtp", found)
    monkeypatch.setattr(trying, "check_imap", lambda account, folder: Finding(True, "let in"))
    server = karim.post("mail-servers", SERVER)["id"]
    one = f"mailboxes/{Mailbox.objects.get(address__address=desk.address('it')).pk}"
    karim.patch(one, {"sends_by": server})
    karim.post(f"{one}/folders", {"server": server, "folder": "INBOX"})
    assert karim.post(f"{one}/receiving-test", status=200)["findings"] == [
        {"about": "INBOX", "ok": True, "words": "let in", "detail": ""}
    ]
    assert karim.post(f"{one}/sending-test", status=200)["findings"][0]["detail"] == "550 SendAsDenied"
    sent = karim.post(f"{one}/arrival-test")
    assert [row["is_plus"] for row in sent["attempts"]] == [False, True]
    mails = "-".join(str(row["mail"]) for row in sent["attempts"])
    assert karim.get(f"{one}/arrival-test", mails=mails)["attempts"] == sent["attempts"]


def test_a_mail_server_that_does_not_answer_says_so(karim: Program) -> None:
    made = karim.post("mail-servers", SERVER | {"imap_host": "127.0.0.1", "imap_port": 1, "imap_security": "none"})
    told = karim.get(f"mail-servers/{made['id']}/folders", 409)
    assert told["code"] == "other-server-trouble" and "cannot be reached" in told["detail"]
