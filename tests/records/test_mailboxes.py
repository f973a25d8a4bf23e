"""Intake addresses, their aliases, fetched folders and mail servers: who may change them, what is kept and told."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hauspost.duties.intake import folders, ledger
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts import sealed
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.sealed import Tokens, keep_tokens
from hauspost.ground.history.models import Event, EventPart
from hauspost.ground.mail.letter import Letter, read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.refusals import Invalid, NotAllowed, Refused
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Address, Mailbox, MailboxAlias, Person
from hauspost.records.people.refusals import AddressIsOurs, AddressTaken, MailServerInUse
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

pytestmark = pytest.mark.django_db
SECRET = "canary-k7Qp!secret"
OTHER = "canary-Zz9-client"


def box(desk: Desk, team: str = "it") -> Mailbox:
    return Mailbox.objects.select_related("address", "team", "sends_by").get(address__address=desk.address(team))


def server(**more: Any) -> MailAccount:
    return people.add_mail_account(
        **{
            "name": "Mail of the house", "imap_host": "imap.lindner.example", "smtp_host": "smtp.lindner.example",
            "user": "it@lindner.example", "password": SECRET, "actor": SYSTEM,
        }
        | more
    )  # fmt: skip


def microsoft(**more: Any) -> MailAccount:
    return server(
        kind="microsoft",
        sign_in="oauth",
        client_id="0b7",
        tenant="lindner.example",
        client_secret=OTHER,
        password="",
        **more,
    )


def recorded() -> dict[str, Any]:
    return dict(json.loads(Event.objects.latest("id").data))


# Who may, and what is recorded.

CHANGES: dict[str, Callable[[Desk, Actor], object]] = {
    "a setting": lambda d, a: people.change_mailbox(box(d), actor=a, name="Help"),
    "an alias": lambda d, a: people.add_alias(box(d), "help@lindner.example", actor=a),
    "the archive": lambda d, a: folders.close_mailbox(box(d), actor=a),
    "a mail server": lambda d, a: people.add_mail_account(
        name="x", imap_host="imap.x.example", user="x", password="x", actor=a
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_only_administrators_change_mail_settings_and_it_is_recorded(desk: Desk, name: str) -> None:
    """S17: explicit rights; one event a change."""
    for who in ("sabine", "deniz", "anna", "petra", "wolfgang"):
        with pytest.raises(NotAllowed):
            CHANGES[name](desk, desk.actor(who))
    before = Event.objects.count()
    CHANGES[name](desk, desk.actor("karim"))
    assert Event.objects.count() == before + 1


def test_a_new_mailbox_is_mailed_to_every_administrator_like_any_change(desk: Desk) -> None:
    """S17: with its address and its team, and the page on which to put it right."""
    made = people.add_mailbox("vorstand@lindner.example", desk.team("hr"), actor=desk.actor("karim"))
    desk.works()
    told = desk.sent("alert")
    administrators = Person.objects.filter(is_administrator=True, is_integration=False)
    assert {one.recipients.get().person_uid for one in told} == {str(one.uid) for one in administrators}
    words = read_letter(told[0].letter()).text
    assert "vorstand@lindner.example" in words and f"/desk/settings/mailboxes/{made.pk}" in words


def test_a_change_says_what_was_and_what_is_and_nothing_else(desk: Desk) -> None:
    mailbox = box(desk)
    people.change_mailbox(mailbox, actor=SYSTEM, welcomes="domains", domains=["@Partner.example", "partner.example "])
    assert recorded() == {
        "before": {"welcomes": "everyone", "domains": []},
        "after": {"welcomes": "domains", "domains": ["partner.example"]},
    }
    before = Event.objects.count()
    people.change_mailbox(mailbox, actor=SYSTEM, welcomes="domains")
    assert Event.objects.count() == before, "nothing changed, nothing is recorded"


WRONG: dict[str, Callable[[Mailbox], object]] = {
    "domains": lambda m: people.change_mailbox(m, actor=SYSTEM, domains=["not a domain"]),
    "welcomes": lambda m: people.change_mailbox(m, actor=SYSTEM, welcomes="friends"),
    "unchecked_days": lambda m: people.change_mailbox(m, actor=SYSTEM, unchecked_days=-1),
    "size_limit_bytes": lambda m: people.change_mailbox(m, actor=SYSTEM, size_limit_bytes=5),
    "signature": lambda m: people.change_mailbox(m, actor=SYSTEM, signature={"de": "x" * 5000}),
    "sends_by": lambda m: people.change_mailbox(m, actor=SYSTEM, sends_by=server(smtp_host="")),
    "quiet_after_hours": lambda m: people.change_mailbox(m, actor=SYSTEM, quiet_after_hours=10**6),
    "language": lambda m: people.change_mailbox(m, actor=SYSTEM, language="xx"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_value_is_refused_at_its_field(desk: Desk, field: str) -> None:
    """P54.1."""
    with pytest.raises(Invalid) as refused:
        WRONG[field](box(desk))
    assert refused.value.about["field"] == field


# Aliases.


def test_an_alias_is_ours_and_never_a_persons(desk: Desk) -> None:
    """P7.7, P9.4."""
    alias = people.add_alias(box(desk), "Hilfe@Lindner.example", actor=SYSTEM)
    assert "hilfe@lindner.example" in people.our_addresses()
    with pytest.raises(AddressIsOurs):
        people.add_person("Hilfe", "hilfe@lindner.example", actor=SYSTEM)
    with pytest.raises(AddressTaken):
        people.add_alias(box(desk), desk.address("petra"), actor=SYSTEM)
    for taken in (desk.address("it"), desk.address("hr"), "hilfe@lindner.example"):
        with pytest.raises(Invalid, match="already"):
            people.add_alias(box(desk), taken, actor=SYSTEM)
    people.remove_alias(alias, actor=SYSTEM)
    assert "hilfe@lindner.example" not in people.our_addresses()
    assert people.add_person("Hilfe", "hilfe@lindner.example", actor=SYSTEM).pk


def test_aliases_of_an_archived_mailbox_or_team_take_no_mail(desk: Desk) -> None:
    people.add_alias(box(desk), "hilfe@lindner.example", actor=SYSTEM)
    folders.close_mailbox(box(desk), actor=SYSTEM)
    assert people.our_addresses().isdisjoint({"hilfe@lindner.example", desk.address("it")})
    people.restore_mailbox(box(desk), actor=SYSTEM)
    assert {"hilfe@lindner.example", desk.address("it")} <= people.our_addresses()


def test_a_former_address_goes_on_as_an_alias_of_the_new_one(desk: Desk) -> None:
    """S9: from the company's main domain to one of its own, and nobody's mail is lost."""
    old, new = box(desk), people.add_mailbox("it@tickets.lindner.example", desk.team("it"), actor=SYSTEM)
    folders.close_mailbox(old, actor=SYSTEM)
    people.add_alias(new, desk.address("it"), actor=SYSTEM)
    with pytest.raises(Invalid, match=r"alias of it@tickets"):
        people.restore_mailbox(old, actor=SYSTEM)
    people.remove_alias(MailboxAlias.objects.get(), actor=SYSTEM)
    assert Address.objects.get(address=desk.address("it")).kind == Address.Kind.OURS
    people.restore_mailbox(old, actor=SYSTEM)


def test_what_came_to_a_confidential_team_is_read_by_nobody_else_later(desk: Desk) -> None:
    """P33.3: not by way of another team for the address, nor of an alias that is given up."""
    hr = box(desk, "hr")
    people.add_alias(hr, "bewerbung@lindner.example", actor=SYSTEM)
    raw = desk.letter("x@elsewhere.example", to="bewerbung@lindner.example", headers={"X-Spam-Flag": "YES"})
    got = desk.receives(raw, to="bewerbung@lindner.example")
    karim, giulia = desk.actor("karim"), desk.actor("giulia")
    assert ledger.one(got.id, actor=karim) is None
    with pytest.raises(Invalid, match="confidential"):
        people.change_mailbox(hr, team=desk.team("it"), actor=karim)
    folders.drop_alias(MailboxAlias.objects.get(), actor=karim)
    assert ledger.one(got.id, actor=karim) is None
    people.give_role(giulia.who, desk.team("hr"), "lead", actor=SYSTEM)
    assert ledger.one(got.id, actor=desk.actor("giulia")) == got
    people.archive_mailbox(hr, actor=SYSTEM)
    with pytest.raises(Invalid, match="already"):
        people.add_alias(box(desk), desk.address("hr"), actor=karim)


# Mail servers and their secrets.


def test_secrets_are_sealed_and_stand_in_no_record(desk: Desk) -> None:
    """S21."""
    account = microsoft()
    people.change_mail_account(account, actor=SYSTEM, sign_in="password", password=SECRET)
    rows = " ".join(str(value) for value in MailAccount.objects.values_list().get(pk=account.pk))
    said = " ".join(
        [*Event.objects.values_list("data", flat=True), *EventPart.objects.values_list("content", flat=True)]
    )
    for secret in (SECRET, OTHER):
        assert secret not in rows
        assert secret not in said
    assert recorded()["after"]["new_secrets"] == ["password"]


def test_an_empty_password_keeps_the_old_one(desk: Desk) -> None:
    account = server()
    people.change_mail_account(account, actor=SYSTEM, name="Other name", password="")
    assert sealed.password_of(account) == SECRET
    people.change_mail_account(account, actor=SYSTEM, password="a new one")
    assert sealed.password_of(MailAccount.objects.get()) == "a new one"


def test_a_kept_password_is_shown_to_no_other_server(desk: Desk) -> None:
    """S21: whoever may change an address must not read the secret that way."""
    account = server()
    with pytest.raises(Invalid) as refused:
        people.change_mail_account(account, actor=SYSTEM, imap_host="imap.evil.example")
    assert refused.value.about["field"] == "password"
    assert MailAccount.objects.get().imap_host == "imap.lindner.example"
    people.change_mail_account(account, actor=SYSTEM, imap_host="imap2.lindner.example", password=SECRET)


def test_another_program_forgets_what_was_agreed_to_and_another_name_does_not(desk: Desk) -> None:
    """P10.4: after a wrong client id was corrected, one authorises again."""
    account = microsoft()
    keep_tokens(account, Tokens("access", clock.now() + timedelta(hours=1), "refresh", "anna@x.example"), is_new=True)
    people.change_mail_account(account, actor=SYSTEM, name="Exchange", user="shared@lindner.example")
    assert account.is_authorised
    MailAccount.objects.update(state="signed_out", last_error="invalid_client")
    people.change_mail_account(account, actor=SYSTEM, client_id="another")
    assert (account.is_authorised, account.state, account.last_error) == (False, "new", "")


HALF: dict[str, dict[str, Any]] = {
    "name": {"name": " "},
    "imap_host": {"imap_host": "", "smtp_host": ""},
    "smtp_host": {"smtp_host": "https://smtp.x.example"},
    "imap_port": {"imap_port": 70_000},
    "imap_security": {"imap_security": "none"},
    "user": {"user": ""},
    "client_id": {"sign_in": "oauth", "kind": "google"},
    "tenant": {"sign_in": "oauth", "kind": "microsoft", "client_id": "x", "grant": "app"},
    "grant": {"sign_in": "oauth", "kind": "google", "client_id": "x", "grant": "app"},
    "token_url": {"sign_in": "oauth", "client_id": "x"},
    "authorise_url": {"authorise_url": "http://login.x.example/authorise"},
}


@pytest.mark.parametrize("field", HALF)
def test_half_a_mail_server_is_refused_where_something_is_missing(desk: Desk, field: str) -> None:
    """P54.1."""
    with pytest.raises(Invalid) as refused:
        server(**HALF[field])
    assert refused.value.about["field"] == field
    assert not MailAccount.objects.exists()


def test_a_mail_server_in_use_is_not_archived_and_an_archived_one_has_no_secrets(desk: Desk) -> None:
    account = server()
    people.change_mailbox(box(desk), actor=SYSTEM, sends_by=account)
    row = folders.add_folder(box(desk, "hr"), account, "inbox", actor=SYSTEM)
    with pytest.raises(MailServerInUse, match=desk.address("hr")):
        folders.retire_account(account, actor=SYSTEM)
    folders.remove_folder(row, actor=SYSTEM)
    with pytest.raises(MailServerInUse, match=desk.address("it")):
        folders.retire_account(account, actor=SYSTEM)
    people.change_mailbox(box(desk), actor=SYSTEM, sends_by=None)
    folders.retire_account(account, actor=SYSTEM)
    assert MailAccount.objects.get().password_sealed == ""


# Folders.


def test_a_folder_takes_only_new_mail_and_deletes_nothing_unless_told(desk: Desk) -> None:
    """P2.4."""
    row = folders.add_folder(box(desk), server(), "inbox", actor=SYSTEM)
    assert (row.folder, row.takes, row.afterwards, row.state) == ("INBOX", "new", "seen", "new")
    assert row.last_uid == 0


def test_no_mail_is_moved_to_where_it_is_fetched_again(desk: Desk) -> None:
    account = server()
    row = folders.add_folder(box(desk), account, "INBOX", actor=SYSTEM, afterwards="move", move_to="Done")
    for wrong in ("INBOX", ""):
        with pytest.raises(Invalid):
            folders.change_folder(row, actor=SYSTEM, afterwards="move", move_to=wrong)
    for name in ("INBOX", "Done"):
        with pytest.raises(Invalid):
            folders.add_folder(box(desk, "hr"), account, name, actor=SYSTEM)
    other = folders.add_folder(box(desk, "hr"), account, "HR", actor=SYSTEM)
    with pytest.raises(Invalid):
        folders.change_folder(row, actor=SYSTEM, afterwards="move", move_to="HR")
    folders.change_folder(other, actor=SYSTEM, afterwards="delete")
    assert recorded()["after"] == {"afterwards": "delete"}


def test_what_is_fetched_for_an_archived_mailbox_stays_on_its_server(desk: Desk) -> None:
    row = folders.add_folder(box(desk), server(), "INBOX", actor=SYSTEM)
    folders.close_mailbox(box(desk), actor=SYSTEM)
    row.refresh_from_db()
    assert row.state == FetchedFolder.State.PAUSED
    with pytest.raises(Refused):
        folders.resume_folder(row, actor=SYSTEM)
    people.restore_mailbox(box(desk), actor=SYSTEM)
    folders.resume_folder(row, actor=SYSTEM)
    assert FetchedFolder.objects.get().state == FetchedFolder.State.NEW


# All administrators are told.


def test_every_administrator_is_mailed_what_was_changed_and_no_secret(desk: Desk) -> None:
    """S17, S21."""
    people.change_person(desk.person("sabine"), is_administrator=True, actor=SYSTEM)
    desk.works()
    told = len(desk.sent("alert"))
    account = server()
    people.change_mailbox(box(desk), actor=desk.actor("karim"), sends_by=account, may_send=False)
    people.add_alias(box(desk), "hilfe@lindner.example", actor=desk.actor("karim"), may_send=True)
    folders.add_folder(box(desk), account, "INBOX", actor=desk.actor("karim"), afterwards="delete")
    desk.works()
    mails = [(one, read_letter(one.letter())) for one in desk.sent("alert")[told:]]
    assert {letter.to[0].address for _mail, letter in mails} == {desk.address("karim"), desk.address("sabine")}
    assert len(mails) == 8
    texts = " ".join(letter.text for _mail, letter in mails)
    assert SECRET not in texts
    for words in (
        "Karim Haddad",
        "Mail of the house",
        "hilfe@lindner.example",
        "INBOX",
        "delete it",
        "/desk/settings/",
    ):
        assert words in texts, words
    assert all(one.envelope_from == "" and letter.is_automatic for one, letter in mails)


# As whom replies leave.


def replied(desk: Desk, ticket: Ticket) -> tuple[OutgoingMail, Letter]:
    """Anna answers; the mail as it was queued."""
    tickets.reply(ticket, Writing(text="Open the flap."), actor=desk.actor("anna"))
    desk.works()
    mail = desk.sent("reply")[-1]
    return mail, read_letter(mail.letter())


def test_a_reply_leaves_from_the_address_that_was_written_to_if_that_is_permitted(desk: Desk) -> None:
    """P31.1: incoming aliases and permitted From addresses are two lists."""
    account = server()
    people.change_mailbox(box(desk), actor=SYSTEM, sends_by=account)
    alias = people.add_alias(box(desk), "hilfe@lindner.example", actor=SYSTEM, may_send=True)
    ticket = desk.ticket("petra", to="hilfe@lindner.example")
    assert ticket.team == desk.team("it")
    mail, letter = replied(desk, ticket)
    assert (letter.sender and letter.sender.address, mail.envelope_from) == ("hilfe@lindner.example",) * 2
    assert letter.reply_to[0].address.startswith("hilfe+")
    assert mail.account == account

    people.change_alias(alias, actor=SYSTEM, may_send=False)
    assert replied(desk, ticket)[0].envelope_from == desk.address("it"), "else from the team's address"

    people.change_mailbox(box(desk), actor=SYSTEM, may_send=False)
    people.add_mailbox("it@tickets.lindner.example", desk.team("it"), actor=SYSTEM)
    mail, _letter = replied(desk, ticket)
    assert (mail.envelope_from, mail.account) == ("it@tickets.lindner.example", None)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "Anna Weiss (IT-Service)"),
        ({"sender_name": "team"}, "IT-Service"),
        ({"sender_name": "team", "name": "Hilfe"}, "Hilfe"),
    ],
)
def test_the_sender_is_named_as_the_mailbox_says(desk: Desk, fields: Any, shown: str) -> None:
    """P31.4: the person and the team, or the team only."""
    people.change_mailbox(box(desk), actor=SYSTEM, **({"name": ""} | fields))
    _mail, letter = replied(desk, desk.ticket("petra"))
    assert letter.sender is not None
    assert letter.sender.name == shown


def test_the_signature_stands_below_a_reply_in_the_requesters_language(desk: Desk) -> None:
    people.change_mailbox(
        box(desk), actor=SYSTEM, signature={"de": "IT-Service <Tor 3>\nTel. 4711", "en": "IT service\nPhone 4711"}
    )
    _mail, letter = replied(desk, desk.ticket("petra"))
    body, _line, foot = letter.text.replace("\r\n", "\n").partition("\n--")
    assert body.strip() == "Open the flap."
    assert foot.strip().startswith("IT-Service <Tor 3>\nTel. 4711\n\n")
    assert "IT-Service &lt;Tor 3&gt;<br>Tel. 4711" in letter.html
    _mail, letter = replied(desk, desk.ticket("mira"))
    assert "Phone 4711" in letter.text


def test_strangers_are_answered_in_the_language_of_the_mailbox_they_wrote_to(desk: Desk) -> None:
    """P44.2: the person's, else the mailbox's, else the team's; the team speaks German here."""
    people.change_mailbox(box(desk), actor=SYSTEM, language="en")
    desk.ticket("petra")
    desk.ticket("dirk@haulier.example")
    german, english = (read_letter(one.letter()).text for one in desk.sent("acknowledgement"))
    assert "Nummer" in german and "has the number" in english
