"""Mailboxes by command: add, list, try out; and what the doctor finds about them."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from hauspost.doors.cli import _doctor_mail
from hauspost.doors.cli.main import run
from hauspost.duties.intake import fetching, folders, trying
from hauspost.duties.intake.actions import deliver_next
from hauspost.duties.intake.models import Delivery
from hauspost.duties.keeping import restore
from hauspost.ground import clock
from hauspost.ground.accounts import imap, signing_in, smtp
from hauspost.ground.accounts.checking import Finding, check_imap
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import OnHold
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from tests.desk import Desk
from tests.doors.browsing import administrator, words
from tests.doors.settings_forms import SETTINGS

Says = Callable[..., tuple[int, str]]


@pytest.fixture
def says(desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Says:
    """Run the command in the tests' folder; answers its status and all its words."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def command(*arguments: object) -> tuple[int, str]:
        status = run(["--folder", str(settings.HAUSPOST.folder), *map(str, arguments)])
        found = capsys.readouterr()
        return status, found.out + found.err

    return command


def dovecot(**more: Any) -> MailAccount:
    fields = {
        "name": "Dovecot",
        "imap_host": "imap.x.example",
        "smtp_host": "smtp.x.example",
        "user": "it",
        "password": "x",
    }
    return people.add_mail_account(actor=SYSTEM, **(fields | more))


def box_of(desk: Desk, team: str) -> Mailbox:
    return Mailbox.objects.get(address__address=desk.address(team))


def test_a_mailbox_is_added_by_command(says: Says) -> None:
    status, words = says("mailbox", "add", "Help@tickets.lindner.example", "--team", "it", "--name", "Help")
    assert (status, words) == (0, "Mail to help@tickets.lindner.example becomes tickets of IT service.\n")
    assert Mailbox.objects.latest("id").name == "Help"
    status, words = says("mailbox", "add", "x@lindner.example", "--team", "nobody")
    assert status == 1 and "There is no team nobody. Teams: it, facilities, hr" in words
    status, words = says("mailbox", "add", "petra.lang@lindner.example", "--team", "it")
    assert status == 1 and "is the address of a person here" in words


def test_the_list_tells_who_is_in_trouble(says: Says, desk: Desk) -> None:
    assert says("mailbox", "list")[0] == 0
    folders.add_folder(box_of(desk, "facilities"), dovecot(), "INBOX", actor=SYSTEM)
    MailAccount.objects.update(state="failing", last_error="it does not let us in")
    status, words = says("mailbox", "list")
    assert status == 1
    assert "INBOX of Dovecot" in words and "it does not let us in" in words and "SMTP or LMTP" in words


def test_a_mailbox_is_tried_out(says: Says, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P2.4, P31.2, P8.1: receiving, sending, arriving; a plus-address that does not arrive is worth a word, no fault."""
    box, sent_to = box_of(desk, "it"), []

    def sending(account: Any, senders: list[str], to: str) -> list[Finding]:
        sent_to.append(to)
        return [Finding(True, f"{sender} is taken", "250 ok") for sender in senders]

    def arriving(seconds: float) -> None:
        first, second = OutgoingMail.objects.filter(kind="alert").order_by("id")
        if not Delivery.objects.exists():
            desk.receives(first.letter(), work=False)
            deliver_next()
        second.recipients.update(state="failed", reply_code=550, reply_text="no such user")

    monkeypatch.setattr(trying, "check_imap", lambda account, folder: Finding(True, "let in"))
    monkeypatch.setattr(trying, "check_smtp", sending)
    monkeypatch.setattr("hauspost.doors.cli.mailbox.time.sleep", arriving)
    account = dovecot()
    folders.add_folder(box, account, "INBOX", actor=SYSTEM)
    people.change_mailbox(box, sends_by=account, actor=SYSTEM)
    OutgoingMail.objects.all().delete()
    status, words = says("mailbox", "test", desk.address("it"))
    assert status == 0, words
    assert sent_to == [desk.address("karim")]
    assert "ok     receiving INBOX of Dovecot: let in" in words and "250 ok" in words
    assert f"ok     mail to {desk.address('it')}: It arrived after" in words
    assert "note   mail to its plus-address it+" in words and "recipient_delimiter" in words
    monkeypatch.setattr(trying, "check_imap", lambda account, folder: Finding(False, "not let in"))
    status, words = says("mailbox", "test", desk.address("it"), "--wait", "0", "--to", "x@x.example")
    assert status == 1 and "FAULT  receiving INBOX of Dovecot: not let in" in words and sent_to[-1] == "x@x.example"
    assert says("mailbox", "test", "nobody@x.example")[0] == 1


def found(look: Any) -> dict[str, list[tuple[str, str, str]]]:
    things: dict[str, list[tuple[str, str, str]]] = {}
    for one in look(settings.HAUSPOST):
        things.setdefault(one.thing, []).append((one.words, one.fix, one.advice))
    return things


def test_resuming_a_mailbox_without_a_mail_server_says_that_there_is_nothing_to_resume(says: Says, desk: Desk) -> None:
    status, said = says("mailbox", "resume", desk.address("it"))
    assert (status, said.strip()) == (
        0,
        f"{desk.address('it')} has no mail server of its own: there is nothing to resume.",
    )


def test_a_restored_desk_does_nothing_in_a_mailbox_until_somebody_says_so(says: Says, desk: Desk) -> None:
    """P40: nothing is fetched, sent or renewed, and no server is even asked; resumed, all of it goes on."""
    account, box = dovecot(), box_of(desk, "it")
    folders.add_folder(box, account, "INBOX", afterwards="delete", actor=SYSTEM)
    people.change_mailbox(box, sends_by=account, actor=SYSTEM)
    desk.ticket("petra")
    letter = OutgoingMail.objects.filter(account=account).latest("id")
    outbox.retry_now(letter)
    letter.refresh_from_db()
    tries = letter.tries

    assert restore._hold_mail_servers() == ("Dovecot",)

    account.refresh_from_db()
    since = account.failing_since
    outbox.send_due()
    letter.refresh_from_db()
    assert fetching.wanted() == [] and fetching.load(box.folders.get().pk) is None
    assert (letter.state, letter.tries) == ("queued", tries)
    for sign_in in (imap.open_mailbox, smtp.open_account, signing_in.access_token):
        with pytest.raises(OnHold):
            sign_in(account)
    assert check_imap(account).words == str(OnHold(server="Dovecot"))
    account.refresh_from_db()
    assert account.failing_since == since
    assert "is on hold since this desk was restored" in says("mailbox", "list")[1]
    pages = administrator(desk)
    page = f"{SETTINGS}/mail-servers/{account.pk}"
    assert "On hold since this desk was restored" in words(pages.get(page).content.decode())

    # The page lets the server go on and leaves its folders paused; the command resumes both.
    pages.post(f"{page}/resumption")
    account.refresh_from_db()
    assert account.held_at is None and fetching.wanted() == []
    assert "is fetched and sent for again: Dovecot." in says("mailbox", "resume", desk.address("it"))[1]
    assert [one.folder for one in fetching.wanted()] == [box.folders.get().pk]


def test_the_doctor_names_failing_servers_missing_authorisations_and_ending_secrets(desk: Desk) -> None:
    """P10.2, P10.5."""
    oauth = {"sign_in": "oauth", "kind": "google", "client_id": "x", "client_secret": "y", "password": ""}
    dovecot(name="well")
    failing = dovecot(name="failing")
    ends = clock.now().date() + timedelta(days=9)
    dovecot(name="google", client_secret_ends_on=ends, **oauth)
    MailAccount.objects.filter(pk=failing.pk).update(state="failing", last_error="refuses connections")
    row = folders.add_folder(box_of(desk, "it"), failing, "INBOX", actor=SYSTEM)
    row.state, row.last_error = "failing", "no such folder"
    row.save()
    things = found(_doctor_mail.mail_servers)
    assert things["mail server well"] == [("has not been tried yet", "", "")]
    [(words, fix, _advice)] = things["mail server failing"]
    assert "refuses connections" in words and "/desk/settings/mail-servers/" in fix
    (words, fix, _a), (ending, _f, advice) = things["mail server google"]
    assert fix.startswith("authorise it: ") and "client secret ends in" in ending and "make a new one" in advice
    assert "no such folder" in things[f"mailbox {desk.address('it')}"][0][0]


def test_the_doctor_advises_on_plus_addresses(desk: Desk) -> None:
    """S9, P8.1: of the main domain, and whether mail to them arrives at all."""
    address = desk.address("it")
    things = found(_doctor_mail.plus_addresses)[f"mailbox {address}"]
    assert things[0][2] == f"try it: hauspost mailbox test {address}"
    assert any("it@tickets.lindner.example" in advice for _words, _fix, advice in things)
    assert not any(fix for _words, fix, _advice in things), "an advice is no fault"
    ticket = desk.ticket("petra")
    plus = desk.sent("acknowledgement")[0]
    to = str(plus.letter().decode().partition("Reply-To: ")[2].partition("<")[2].partition(">")[0])
    desk.receives(desk.letter("petra", to=to, subject="Re: x"), to=to)
    assert found(_doctor_mail.plus_addresses)[f"mailbox {address}"][0][0] == "mail to its plus-addresses arrives"
    assert ticket.number


def test_a_house_without_a_mail_server_is_well_when_every_mailbox_has_one(desk: Desk) -> None:
    assert not _doctor_mail.all_send_by_accounts()
    account = dovecot()
    for box in Mailbox.objects.select_related("address"):
        people.change_mailbox(box, sends_by=account, actor=SYSTEM)
    assert _doctor_mail.all_send_by_accounts()
