"""Mailboxes and mail servers on their pages: what is entered, what is shown and what never is, and the way to OAuth."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from django.test import Client

from hauspost.doors.desk.settings import mailbox_ways
from hauspost.duties.intake import folders, trying
from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import clock, http, sealing
from hauspost.ground.accounts import checking, oauth, sealed
from hauspost.ground.accounts.checking import Finding
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.history.models import Event
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people import actions
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox, MailboxAlias, MailboxKey
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words
from tests.doors.settings_forms import SETTINGS, sends

pytestmark = pytest.mark.django_db
SERVERS = f"{SETTINGS}/mail-servers"
SECRET = "canary-k7Qp!secret"


@pytest.fixture
def karim(desk: Desk) -> Client:
    return administrator(desk)


def box_of(desk: Desk, team: str = "it") -> Mailbox:
    return Mailbox.objects.select_related("address", "team", "sends_by").get(address__address=desk.address(team))


def page_of(desk: Desk, team: str = "it") -> str:
    return f"{SETTINGS}/mailboxes/{box_of(desk, team).id}"


def dovecot(**more: Any) -> MailAccount:
    fields = {
        "name": "Dovecot",
        "imap_host": "imap.x.example",
        "smtp_host": "smtp.x.example",
        "user": "it",
        "password": SECRET,
    }
    return actions.add_mail_account(actor=SYSTEM, **(fields | more))


def provider(**more: Any) -> MailAccount:
    fields = {
        "sign_in": "oauth", "client_id": "hauspost", "client_secret": SECRET, "scopes": "mail offline_access",
        "authorise_url": "https://login.x.example/authorise", "token_url": "https://login.x.example/token", "password": "",
    }  # fmt: skip
    return dovecot(**(fields | more))


# Mailboxes.


def test_the_list_shows_state_last_mail_and_how_many_today(karim: Client, desk: Desk) -> None:
    desk.ticket("petra")
    desk.ticket("petra", to="hr")
    account = dovecot()
    folders.add_folder(box_of(desk, "facilities"), account, "INBOX", actor=SYSTEM)
    MailAccount.objects.update(state="failing", last_error="imap.x.example does not let us in.")
    page = words(karim.get(f"{SETTINGS}/mailboxes").text)
    assert re.search(r"it@ ?lindner.example IT service · SMTP or LMTP Last mail .* · 1 mail today working", page)
    assert "INBOX (Dovecot)" in page and "imap.x.example does not let us in. failing" in page
    # How much a confidential team hears, its members know (P33.3).
    assert "How much mail comes, its team knows." in page


def test_the_list_asks_a_fixed_number_of_questions(
    karim: Client, desk: Desk, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        actions.add_mailbox(f"more{number}@lindner.example", desk.team("it"), actor=SYSTEM)
    with django_assert_max_num_queries(25):
        karim.get(f"{SETTINGS}/mailboxes")


def test_a_mailbox_is_added_changed_archived_and_restored(karim: Client, desk: Desk) -> None:
    karim.post(f"{SETTINGS}/mailboxes/new", {"address": "Hilfe@Tickets.Lindner.example", "team": "it", "name": "Hilfe"})
    box = Mailbox.objects.get(address__address="hilfe@tickets.lindner.example")
    here = f"{SETTINGS}/mailboxes/{box.id}"
    sends(karim, f"{here}?change=basics", "basics", team="facilities", name="Werkstatt")
    sends(karim, f"{here}?change=watch", "watch", quiet_after_hours="48")
    sends(
        karim, f"{here}?change=intake", "intake",
        welcomes="domains", domains="partner.example\n@zweite.example, dritte.example", unchecked_days="7",
        size_limit_mb="2,5", ignores_internal="1", takes_automatic="",
    )  # fmt: skip
    account = dovecot()
    sends(
        karim, f"{here}?change=replies", "replies",
        sends_by=str(account.pk), sender_name="team", signature_de="Werkstatt\nTor 3", may_send="1",
    )  # fmt: skip
    box.refresh_from_db()
    assert (box.team.key, box.name, box.quiet_after_hours, box.welcomes) == ("facilities", "Werkstatt", 48, "domains")
    assert box.domains == ["partner.example", "zweite.example", "dritte.example"]
    assert (box.unchecked_days, box.size_limit_bytes, box.ignores_internal, box.takes_automatic) == (
        7,
        2_500_000,
        True,
        False,
    )
    assert (box.sends_by, box.sender_name, box.signature) == (account, "team", {"de": "Werkstatt\nTor 3"})
    karim.post(f"{here}/archive")
    assert "mail to it is refused" in words(karim.get(here).text)
    karim.post(f"{here}/archive", {"restore": "1"})
    told = words(karim.get(here).text)
    for said in ("Karim Haddad changed the intake address", "who may write: everyone → known domains"):
        assert said in told
    assert "SMTP or LMTP" not in told and "smtp:[127.0.0.1]:2525" in told, "the exact line for the mail server"


@pytest.mark.parametrize(
    ("card", "field", "typed"),
    [
        ("intake", "domains", "no domain at all"),
        ("intake", "unchecked_days", "many"),
        ("intake", "size_limit_mb", "huge"),
        ("intake", "size_limit_mb", "5000"),
        ("watch", "quiet_after_hours", "999999"),
    ],
)
def test_a_wrong_value_is_said_beside_its_field_and_what_was_typed_stays(
    karim: Client, desk: Desk, card: str, field: str, typed: str
) -> None:
    """P54.1, P23."""
    answer = sends(karim, f"{page_of(desk)}?change={card}", card, **{field: typed})
    assert answer.status_code == 422
    assert f'id="{field}-more" class="wrong"' in answer.text
    assert typed in answer.text


def test_other_addresses_are_added_allowed_as_sender_and_removed(karim: Client, desk: Desk) -> None:
    """P31.1, P7.7."""
    here = page_of(desk)
    sends(karim, f"{here}?change=aliases", "aliases", alias="edv@lindner.example")
    alias = MailboxAlias.objects.get()
    karim.post(f"{here}/aliases/{alias.id}", {"may_send": "1"})
    assert "also as sender" in karim.get(here).text
    answer = sends(karim, f"{here}?change=aliases", "aliases", alias=desk.address("petra"))
    assert answer.status_code == 409 and 'id="alias-more" class="wrong"' in answer.text
    other = page_of(desk, "facilities")
    assert karim.post(f"{other}/aliases/{alias.id}/removal").status_code == 404
    karim.post(f"{here}/aliases/{alias.id}/removal")
    assert not MailboxAlias.objects.exists()


def test_the_main_domain_is_warned_of(karim: Client, desk: Desk, settings: Any) -> None:
    """S9."""
    actions.add_mailbox("it@tickets.lindner.example", desk.team("it"), actor=SYSTEM)
    own = Mailbox.objects.latest("id")
    assert "it@tickets.lindner.example as the mailbox" in words(karim.get(page_of(desk)).text)
    assert "strangers could" not in karim.get(f"{SETTINGS}/mailboxes/{own.id}").text


def test_an_auditor_reads_and_a_lead_does_not(desk: Desk) -> None:
    row = folders.add_folder(box_of(desk), dovecot(), "INBOX", actor=SYSTEM)
    FetchedFolder.objects.filter(pk=row.pk).update(state="failing", last_error="220 secret.internal.banner")
    auditor = browser(desk, "wolfgang")
    page = auditor.get(page_of(desk)).text
    assert "Who may write" in page and "?change=" not in page and 'method="post"' not in page.partition('id="main"')[2]
    # S3: what a server inside says is for whoever administers.
    assert "secret.internal.banner" not in page
    assert auditor.get(SERVERS).status_code == 404
    assert browser(desk, "sabine").get(f"{SETTINGS}/mailboxes").status_code == 404


# Keys.


def key_file(password: str = "") -> bytes:
    """A certificate of it@lindner.example with its private key, as PKCS #12."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "IT")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(day).not_valid_after(day + timedelta(days=3000))
    made = made.add_extension(x509.SubjectAlternativeName([x509.RFC822Name("it@lindner.example")]), critical=False)
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"it", key, made.sign(key, SHA256()), None, lock)


def test_a_key_is_added_from_its_file_and_its_private_part_shown_nowhere(karim: Client, desk: Desk) -> None:
    """P22.5, S21."""
    here, data = page_of(desk), key_file("pass-canary")

    def gives(password: str, content: bytes = data) -> Any:
        return karim.post(f"{here}/keys", {"key": BytesIO(content), "key_password": password}, follow=True)

    assert 'id="key_password-more" class="wrong"' in gives("wrong").text
    assert "holds no key that can be read" in gives("", b"no key").text
    page = gives("pass-canary").text
    row = MailboxKey.objects.get()
    assert (row.kind, row.addresses, row.mailbox) == ("smime", ["it@lindner.example"], box_of(desk))
    assert row.fingerprint in page and "pass-canary" not in page
    assert "PRIVATE" in sealing.unseal(row.private_sealed, actions.KEY_PURPOSE)
    assert "PRIVATE" not in page + row.private_sealed + "".join(Event.objects.values_list("data", flat=True))
    assert "this mailbox has this key already" in gives("pass-canary").text
    karim.post(f"{here}/keys/{row.pk}/removal")
    assert not MailboxKey.objects.exists()


# Fetching.


def test_a_folder_is_chosen_from_the_servers_own_list(
    karim: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P2.4: what the first fetch takes is asked, and nothing is deleted by default."""
    monkeypatch.setattr(mailbox_ways, "folders_of", lambda account: ["INBOX", "Archiv/Süd"])
    account, here = dovecot(), page_of(desk)
    page = karim.get(f"{here}/folders", {"account": account.pk}).text
    assert "Archiv/Süd" in page and re.search(r'<option value="new" selected>', page)
    assert re.search(r'<option value="seen" selected>', page)
    sent = {"account": str(account.pk), "folder": "Archiv/Süd", "takes": "unread", "afterwards": "delete"}
    answer = karim.post(f"{here}/folders", sent)
    assert answer.status_code == 422 and 'id="sure-more" class="under wrong"' in answer.text
    assert not FetchedFolder.objects.exists()
    karim.post(f"{here}/folders", sent | {"sure": "1"})
    row = FetchedFolder.objects.get()
    assert (row.folder, row.takes, row.afterwards, row.mailbox) == ("Archiv/Süd", "unread", "delete", box_of(desk))
    karim.post(f"{here}/folders/{row.pk}", {"afterwards": "move", "move_to": "INBOX"})
    karim.post(f"{here}/folders/{row.pk}/pausing")
    row.refresh_from_db()
    assert (row.afterwards, row.move_to, row.state) == ("move", "INBOX", "paused")
    assert "paused" in words(karim.get(here).text)
    karim.post(f"{here}/folders/{row.pk}/removal")
    assert not FetchedFolder.objects.exists()


def test_a_server_that_does_not_answer_says_why_and_the_folder_can_be_typed(karim: Client, desk: Desk) -> None:
    account = dovecot(imap_host="127.0.0.1", imap_port=1, imap_security="none")
    page = karim.get(f"{page_of(desk)}/folders", {"account": account.pk}).text
    assert "cannot be reached" in page
    assert 'name="folder" type="text" value="INBOX"' in page


# Tests.


def test_receiving_is_tried_and_what_the_server_said_is_shown(
    karim: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P2.4."""
    monkeypatch.setattr(
        trying, "check_imap", lambda account, name: Finding(True, f"The folder {name} holds 3 mails.", "IDLE")
    )
    folders.add_folder(box_of(desk), dovecot(), "INBOX", actor=SYSTEM)
    page = words(karim.post(f"{page_of(desk)}/receiving").text)
    assert "INBOX · Dovecot The folder INBOX holds 3 mails. IDLE" in page


def test_sending_is_tried_from_each_permitted_address(
    karim: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P31.2."""
    asked = []

    def check(account: MailAccount, senders: list[str], to: str) -> list[Finding]:
        asked.append((account.name, senders, to))
        return [Finding(False, "it may not send under this address", "550 5.7.60 SendAsDenied")]

    monkeypatch.setattr(trying, "check_smtp", check)
    actions.add_alias(box_of(desk), "edv@lindner.example", actor=SYSTEM, may_send=True)
    actions.add_alias(box_of(desk), "nur-herein@lindner.example", actor=SYSTEM)
    actions.change_mailbox(box_of(desk), actor=SYSTEM, sends_by=dovecot())
    page = words(karim.post(f"{page_of(desk)}/sending").text)
    assert asked == [("Dovecot", ["it@lindner.example", "edv@lindner.example"], desk.address("karim"))]
    assert "it may not send under this address 550 5.7.60 SendAsDenied" in page


def test_a_mail_to_the_mailbox_itself_shows_whether_it_arrives_and_becomes_no_ticket(karim: Client, desk: Desk) -> None:
    """P8.1: the plus-address is tried, too; P7.5."""
    answer = karim.post(f"{page_of(desk)}/trial")
    first, second = OutgoingMail.objects.order_by("id")
    assert "It waits" in words(karim.get(answer.url).text)
    assert [one.address.partition("@")[0][:3] for one in (first.recipients.get(), second.recipients.get())] == [
        "it",
        "it+",
    ]
    got = desk.receives(first.letter(), to=first.recipients.get().address)
    assert (got.disposition, got.ticket) == ("own", None)
    page = words(karim.get(answer.url).text)
    assert "To the address itself It arrived after 1 s by SMTP." in page
    with clock.standing_at(clock.now() + timedelta(minutes=6)):
        second.recipients.update(state="handed_over", reply_code=250, reply_text="queued")
        page = words(karim.get(answer.url).text)
    assert "it has not arrived here: look into its log. Answers are found by their Message-ID" in page
    # Numbers of other mails tell nothing here.
    other = page_of(desk, "hr")
    assert "There is no such test mail" in karim.get(f"{other}/arrival?mails={first.pk}").text
    assert Delivery.objects.filter(ticket__isnull=False).count() == 0


def test_each_kind_of_mail_server_is_told_how_to_hand_over(karim: Client, desk: Desk, settings: Any) -> None:
    """P18, P31.1: Postfix at once, the others on a look; with an address that they can reach."""
    actions.add_alias(box_of(desk), "edv@lindner.example", actor=SYSTEM)
    settings.HAUSPOST = replace(
        settings.HAUSPOST, lmtp_listen="127.0.0.1:2424", smtp_listen="0.0.0.0:2525", public_url="https://desk.x.example"
    )
    page = words(karim.get(page_of(desk)).text)
    for told in (
        "it@lindner.example lmtp:inet:127.0.0.1:2424 edv@lindner.example lmtp:inet:127.0.0.1:2424",
        "it@lindner.example smtp:[desk.x.example]:2525",
        "hauspost: driver = manualroute local_part_suffix = +*",
        "condition = ${lookup {$local_part@$domain} nwildlsearch {/etc/exim4/hauspost-addresses} {yes} {no}}",
        "route_list = * 127.0.0.1",
        "protocol = lmtp port = 2424 rcpt_include_affixes = true",
        "The domain tickets.lindner.example, for the desk alone",
        "as smart host: desk.x.example:2525.",
        r"^it(\+[^@]+)?@lindner\.example$|^edv(\+[^@]+)?@lindner\.example$",
    ):
        assert told in page, told
    assert "For this, smtp_listen" not in page

    settings.HAUSPOST = replace(settings.HAUSPOST, lmtp_listen="unix:/run/l.sock", smtp_listen="[::1]:2525")
    page = words(karim.get(page_of(desk)).text)
    assert "For this, smtp_listen" in page and "route_list = * ::::1" in page and "protocol = smtp port = 2525" in page
    settings.HAUSPOST = replace(settings.HAUSPOST, smtp_listen="")
    assert "Exim asks about recipients over TCP only" in words(karim.get(page_of(desk)).text)
    settings.HAUSPOST = replace(settings.HAUSPOST, lmtp_listen="")
    assert "Hauspost does not listen" in words(karim.get(page_of(desk)).text)


# Mail servers.


def test_secrets_are_entered_and_never_shown_again(karim: Client, desk: Desk) -> None:
    """S21."""
    form = {
        "name": "Dovecot", "user": "it", "imap_host": "imap.x.example", "imap_port": "993", "imap_security": "tls",
        "smtp_port": "587", "smtp_security": "starttls", "sign_in": "password", "password": SECRET, "grant": "delegated",
    }  # fmt: skip
    wrong = karim.post(f"{SERVERS}/new?kind=other", form | {"imap_port": "many"})
    assert wrong.status_code == 422 and 'id="imap_port-more" class="wrong"' in wrong.text
    there = karim.post(f"{SERVERS}/new?kind=other", form).url
    account = MailAccount.objects.get()
    pages = [wrong.text, *(karim.get(f"{there}{card}").text for card in ("", "?change=login", "?change=details"))]
    pages += [karim.get(SERVERS).text, karim.get(f"{SETTINGS}/audit").text]
    assert "Karim Haddad added the mail server" in words(pages[-1]) and "Dovecot" in words(pages[-1])
    assert not [page for page in pages if SECRET in page]
    sends(karim, f"{there}?change=login", "login")
    assert sealed.password_of(MailAccount.objects.get()) == SECRET, "an empty field keeps it"
    answer = sends(karim, f"{there}?change=details", "details", imap_host="imap.evil.example")
    assert "type it once more" in answer.text
    assert MailAccount.objects.get() == account


def test_the_kind_brings_what_is_known_of_it(karim: Client) -> None:
    page = karim.get(f"{SERVERS}/new?kind=microsoft").text
    for known in (
        "outlook.office365.com",
        "smtp.office365.com",
        "/desk/settings/mail-servers/authorised",
        "IMAP.AccessAsApp",
    ):
        assert known in page
    assert "imap.gmail.com" in karim.get(f"{SERVERS}/new?kind=google").text


def test_whether_exchange_onlines_unnamed_word_counts_is_asked_of_microsoft_alone(karim: Client) -> None:
    """S7"""
    account = provider(kind="microsoft", tenant="t")
    there = f"{SERVERS}/{account.pk}"
    assert "Vouches for senders no" in words(karim.get(there).text)
    sends(karim, f"{there}?change=details", "details", believes_unnamed_results="1")
    assert "Vouches for senders yes, as Exchange Online writes it" in words(karim.get(there).text)
    assert "its Authentication-Results without a name count" in words(karim.get(there).text)
    sends(karim, f"{there}?change=details", "details", believes_unnamed_results="")
    assert not MailAccount.objects.get(pk=account.pk).believes_unnamed_results
    assert "believes_unnamed" not in karim.get(f"{SERVERS}/{dovecot().pk}?change=details").text


def test_a_secret_that_ends_is_warned_of(karim: Client) -> None:
    """P10.5."""
    account = provider(client_secret_ends_on=clock.now().date() + timedelta(days=12))
    assert "The client secret ends on" in karim.get(f"{SERVERS}/{account.pk}").text
    assert "Client secret ends on" in karim.get(SERVERS).text


def test_a_server_in_use_is_not_archived(karim: Client, desk: Desk) -> None:
    account = dovecot()
    folders.add_folder(box_of(desk), account, "INBOX", actor=SYSTEM)
    page = karim.post(f"{SERVERS}/{account.pk}/archive", follow=True).text
    assert "is still used by it@lindner.example" in words(page)
    karim.post(f"{page_of(desk)}/folders/{FetchedFolder.objects.get().pk}/removal")
    karim.post(f"{SERVERS}/{account.pk}/archive")
    assert MailAccount.objects.get().archived_at is not None


# OAuth in the browser.


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[str]]]:
    """A provider that gives tokens for the code "good" and knows no other; answers what it was asked."""
    asked: list[dict[str, list[str]]] = []

    def fetch(url: str, *, body: bytes, **_more: Any) -> http.Answer:
        asked.append(parse_qs(body.decode()))
        good = asked[-1]["code"] == ["good"]
        told = {"access_token": "access", "refresh_token": "refresh-canary", "expires_in": 3600}
        said = told if good else {"error": "invalid_grant", "error_description": "AADSTS70008: the code is too old"}
        return http.Answer(200 if good else 400, {}, json.dumps(said).encode(), url)

    monkeypatch.setattr(oauth.http, "fetch", fetch)
    return asked


def begins(client: Client, account: MailAccount) -> str:
    """On to the provider; the state that comes back with the browser."""
    answer = client.get(f"{SERVERS}/{account.pk}/authorisation")
    asked = parse_qs(urlsplit(answer.url).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/desk/settings/mail-servers/authorised"]
    assert asked["code_challenge_method"] == ["S256"]
    return asked["state"][0]


def test_authorising_in_the_browser_from_the_page_to_the_tokens(
    karim: Client, desk: Desk, tokens: list[dict[str, list[str]]]
) -> None:
    account = provider()
    assert f'href="{SERVERS}/{account.pk}/authorisation"' in karim.get(f"{SERVERS}/{account.pk}").text
    state = begins(karim, account)
    page = karim.get(f"{SERVERS}/authorised", {"code": "good", "state": state}, follow=True).text
    assert "is authorised. Test it now." in page and "refresh-canary" not in page
    account.refresh_from_db()
    assert account.is_authorised and sealed.refresh_token_of(account) == "refresh-canary"
    assert tokens[0]["code_verifier"][0] and tokens[0]["client_secret"] == [SECRET]
    assert Event.objects.filter(kind="mail_server.authorised", stream__name=account.stream).exists()
    # S17: all administrators are told.
    desk.works()
    assert "authorised Hauspost at the mail server" in desk.sent("alert")[-1].letter().decode()


def test_an_answer_counts_once_and_only_where_it_was_asked_for(
    karim: Client, desk: Desk, tokens: list[dict[str, list[str]]]
) -> None:
    """S23: bound to the session, one-time, and not for ever."""
    account = provider()
    state = begins(karim, account)
    elsewhere = Client()
    elsewhere.force_login(desk.person("karim"), backend="hauspost.records.people.login.AddressBackend")
    for client, given in ((elsewhere, state), (karim, "guessed"), (karim, "")):
        page = client.get(f"{SERVERS}/authorised", {"code": "good", "state": given}, follow=True).text
        assert "was not begun here" in page
    with clock.standing_at(clock.now() + timedelta(minutes=31)):
        page = karim.get(f"{SERVERS}/authorised", {"code": "good", "state": state}, follow=True).text
        assert "took too long" in page
    assert tokens == []
    state = begins(karim, account)
    karim.get(f"{SERVERS}/authorised", {"code": "good", "state": state})
    again = karim.get(f"{SERVERS}/authorised", {"code": "good", "state": state}, follow=True).text
    assert "was used already" in again and len(tokens) == 1


def test_the_providers_error_is_said_in_words_and_one_may_try_again(
    karim: Client, tokens: list[dict[str, list[str]]]
) -> None:
    account = provider()
    refused = {
        "error": "access_denied",
        "error_description": "AADSTS65004: <b>User declined</b>",
        "state": begins(karim, account),
    }
    page = karim.get(f"{SERVERS}/authorised", refused, follow=True).text
    assert "was not authorised: somebody refused" in page and "<b>User declined" not in page
    late = {"code": "old", "state": begins(karim, account)}
    page = karim.get(f"{SERVERS}/authorised", late, follow=True).text
    assert "AADSTS70008: the code is too old" in page
    assert "/authorisation" in page


STATES: dict[str, dict[str, Any]] = {
    "never authorised": {},
    "working": {"state": "working", "refresh_token_sealed": "x", "access_token_sealed": "x"},
    "signed out": {"state": "signed_out", "last_error": "invalid_grant", "refresh_token_sealed": "x"},
    "a wrong client id": {"state": "failing", "last_error": "invalid_client", "client_id": "wrong"},
    "no client id": {"client_id": ""},
    "another key file": {"refresh_token_sealed": "damaged", "client_secret_sealed": "damaged"},
}


@pytest.mark.parametrize("state", STATES)
def test_authorise_again_is_offered_in_every_state(karim: Client, desk: Desk, state: str) -> None:
    """P10.4."""
    account = provider()
    MailAccount.objects.update(**STATES[state])
    folders.add_folder(box_of(desk), account, "INBOX", actor=SYSTEM)
    page = karim.get(f"{SERVERS}/{account.pk}")
    assert page.status_code == 200
    assert f'href="{SERVERS}/{account.pk}/authorisation"' in page.text
    assert karim.get(f"{SERVERS}/{account.pk}?change=login").status_code == 200
    assert karim.get(f"{SERVERS}/{account.pk}/authorisation").status_code == 302
    assert checking.check_imap(account).ok is False


# Teams.


def test_a_team_may_be_allowed_commands_by_mail(karim: Client, desk: Desk) -> None:
    """P29.3: off until an administrator allows it."""
    assert not desk.team("it").takes_commands
    sends(karim, f"{SETTINGS}/teams/it?change=ways", "ways", takes_commands="1")
    team = desk.team("it")
    team.refresh_from_db()
    assert team.takes_commands


def test_a_secret_typed_after_the_session_ended_is_not_kept(desk: Desk) -> None:
    """S21: what was written comes back after signing in (P23.2), a secret has to be typed again."""
    answer = Client().post(
        f"{SERVERS}/new?kind=other", {"name": "Our new Dovecot", "client_secret": SECRET, "password": SECRET}
    )
    assert answer.status_code == 401
    assert "Our new Dovecot" in answer.text and SECRET not in answer.text
