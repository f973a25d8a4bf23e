"""Letters leave by their own mail server, with its login; a copy lies in the mailbox; no server holds up another."""

import socket
from dataclasses import replace
from itertools import count

import pytest
from pytest_django import Settings

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.sealed import set_password
from hauspost.ground.mail import outbox
from hauspost.ground.mail.compose import Outgoing
from hauspost.ground.mail.models import OutgoingMail
from tests.doors._running import until
from tests.ground.receiving import post_office
from tests.imap.conftest import account_of, oauth_of
from tests.imap.dovecot import PASSWORD, Dovecot
from tests.imap.provider import Provider
from tests.imap.sending import token_office
from tests.imap.test_signing_in import authorise

_numbers = count(1)


def queued(
    account: MailAccount | None, sender: str = "it@lindner.example", envelope_from: str | None = None
) -> OutgoingMail:
    letter = Outgoing(
        from_=("IT", sender), to=[("", "ada@lindner.example")], subject="Your ticket", text="Hello\n",
        message_id=f"s.1.1.0.{next(_numbers)}@lindner.example", date=clock.now(),
    )  # fmt: skip
    return outbox.queue(
        letter, kind="reply", stream="", about=1, entry=1, envelope_from=sender if envelope_from is None else envelope_from,
        recipients=[("ada@lindner.example", "")], account=account,
    )  # fmt: skip


def state_of(mail: OutgoingMail) -> tuple[str, str]:
    now = OutgoingMail.objects.get(pk=mail.pk)
    return now.state, now.last_error


@pytest.mark.django_db
def test_each_letter_leaves_by_its_own_server(
    post: Dovecot, identities: Provider, user: str, settings: Settings
) -> None:
    """P31.3: OAuth for one, a password for another, the house's own for the rest; a refused sender in words."""
    with token_office(identities) as tokens, post_office(password="pw-of-the-other") as other, post_office() as house:
        settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=house.port)
        smtp = {"smtp_host": "127.0.0.1", "smtp_security": "none"}
        one = oauth_of(post, user, identities, smtp_port=tokens.port, **smtp)
        authorise(one, identities, user)
        two = account_of(post, "desk", smtp_port=other.port, **smtp)
        set_password(two, "pw-of-the-other")
        two.save()
        mails = [queued(one, user), queued(two), queued(None), queued(one, "chef@lindner.example")]
        assert outbox.send_due() == 4
        assert [state_of(mail)[0] for mail in mails] == ["sent", "sent", "sent", "failed"]
        assert "SendAsDenied" in state_of(mails[3])[1]
        assert [len(office.received) for office in (tokens, other, house)] == [1, 1, 1]
        assert tokens.signed_in == [("XOAUTH2", user)] and other.logins == [("desk", "pw-of-the-other")]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["other", "microsoft"])
def test_where_the_server_knows_the_plain_address_only_letters_leave_under_it(
    post: Dovecot, identities: Provider, user: str, kind: str
) -> None:
    """P31.3: replies lose the token of their return path, automatic answers their null sender; both are sent."""
    with token_office(identities) as tokens:
        account = oauth_of(
            post, user, identities, kind=kind, smtp_host="127.0.0.1", smtp_port=tokens.port, smtp_security="none"
        )
        authorise(account, identities, user)
        mails = [queued(account, user), queued(account, user, envelope_from="")]
        outbox.send_due()
        assert [state_of(mail) for mail in mails] == [("sent", "")] * 2
        assert [mail.sender for mail in tokens.received] == [user] * 2
        # Asked once under the address that it refuses, and then no more.
        assert tokens.refused == (1 if kind == "other" else 0)


@pytest.mark.django_db
def test_a_lost_authorisation_delays_its_letters_and_no_others(
    post: Dovecot, identities: Provider, user: str, settings: Settings
) -> None:
    with token_office(identities) as tokens, post_office() as house:
        settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=house.port)
        account = oauth_of(post, user, identities, smtp_host="127.0.0.1", smtp_port=tokens.port, smtp_security="none")
        authorise(account, identities, user)
        identities.revoke_everything()
        waiting, other = queued(account, user), queued(None)
        outbox.send_due()
        assert state_of(other)[0] == "sent"
        state, error = state_of(waiting)
        assert state == "queued" and "Authorise again" in error
        authorise(account, identities, user)
        outbox.retry_now(waiting)
        outbox.send_due()
        assert state_of(waiting) == ("sent", "")


@pytest.mark.django_db
def test_a_copy_of_what_was_sent_lies_in_the_mailbox_once(post: Dovecot, user: str) -> None:
    """P31.3: in the folder that was chosen, read; where that fails it is noted, and nothing leaves again."""
    with post_office(password=PASSWORD) as office:
        account = account_of(
            post, user, smtp_host="127.0.0.1", smtp_port=office.port, smtp_security="none", sent_folder="Sent"
        )
        client = post.client(user)
        client.create_folder("Sent")
        client.logout()
        mail = queued(account)
        outbox.send_due()
        state, error = state_of(mail)
        assert (state, error) == ("sent", "") and post.flags(user, "Sent") == [{b"\\Seen"}]
        account.sent_folder = "No such folder"
        account.save()
        again = queued(account)
        outbox.send_due()
        state, error = state_of(again)
        assert state == "sent" and "no copy" in error
        assert len(office.received) == 2 and outbox.send_due() == 0


@pytest.mark.django_db(transaction=True)
def test_a_server_that_does_not_answer_holds_up_no_other(post: Dovecot, user: str, settings: Settings) -> None:
    """The worker's lanes: while one server lets us wait, letters by others leave, and the worker goes on."""
    with post_office() as house, socket.create_server(("127.0.0.1", 0)) as silent:
        settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=house.port)
        port = silent.getsockname()[1]
        account = account_of(post, user, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
        stuck, free = queued(account), queued(None)
        lanes = outbox.Lanes()
        lanes.send()
        until(lambda: state_of(free)[0] == "sent", "the house's letter leaves")
        until(lambda: state_of(stuck)[0] == "sending", "the other server is waited for")
        later = queued(None)
        lanes.send()
        until(lambda: state_of(later)[0] == "sent", "and the next one, in the same lane")
        assert len(lanes._lanes) == 2
        silent.close()
        until(lambda: state_of(stuck)[0] == "queued", "the stuck one is tried again later")
        lanes.close()
    assert "connection" in state_of(stuck)[1].lower()
