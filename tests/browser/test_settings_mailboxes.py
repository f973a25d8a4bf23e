"""Mailboxes and mail servers in a real browser: without barriers on a phone and on a desk, by keyboard, without script."""

from datetime import timedelta
from typing import Any

import pytest

from hauspost.duties.intake import folders
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.records.people import actions
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_pages import Visit, check
from tests.desk import Desk

pytestmark = pytest.mark.browser
SETTINGS = "/desk/settings"


def administrator(desk: Desk) -> None:
    actions.change_person(desk.person("karim"), is_administrator=True, actor=SYSTEM)


def box_of(desk: Desk, team: str) -> Mailbox:
    return Mailbox.objects.select_related("address", "team").get(address__address=desk.address(team))


def furnish(desk: Desk) -> tuple[MailAccount, MailAccount, FetchedFolder]:
    """Mailboxes in every state: fetched and failing, without authorisation, handed over, quiet, archived."""
    administrator(desk)
    exchange = actions.add_mail_account(
        actor=SYSTEM, name="Exchange Online der Hauptverwaltung", kind="microsoft", imap_host="outlook.office365.com",
        smtp_host="smtp.office365.com", user="gemeinschaftspostfach-informationstechnologie@lindner.example",
        sign_in="oauth", tenant="lindner.example", client_id="0b7c9f2e-1111-2222-3333-444455556666",
        client_secret="canary", client_secret_ends_on=clock.now().date() + timedelta(days=12),
    )  # fmt: skip
    dovecot = actions.add_mail_account(
        actor=SYSTEM, name="Dovecot", imap_host="imap.lindner.example", user="haustechnik", password="canary"
    )
    box = box_of(desk, "it")
    actions.change_mailbox(
        box, actor=desk.actor("karim"), sends_by=exchange, welcomes="domains", takes_automatic=False,
        domains=["partnergesellschaft.example"], quiet_after_hours=12,
        signature={"de": "IT-Service\nLindner Logistik", "en": "IT service\nLindner Logistik"},
    )  # fmt: skip
    address = "unterstuetzung-bei-informationstechnischen-angelegenheiten@lindner.example"
    actions.add_alias(box, address, actor=SYSTEM, may_send=True)
    actions.add_alias(box, "edv@lindner.example", actor=SYSTEM)
    folders.add_folder(box, exchange, "INBOX", actor=SYSTEM)
    row = folders.add_folder(
        box_of(desk, "facilities"), dovecot, "INBOX", actor=SYSTEM, afterwards="move", move_to="Erledigt"
    )
    error = "Dovecot does not let us in: [AUTHENTICATIONFAILED] Authentication failed."
    MailAccount.objects.filter(pk=dovecot.pk).update(state="failing", last_error=error, failing_since=clock.now())
    FetchedFolder.objects.filter(pk=row.pk).update(state="failing", last_error=error, checked_at=clock.now())
    old = actions.add_mailbox("alt@lindner.example", desk.team("it"), actor=SYSTEM)
    folders.close_mailbox(old, actor=SYSTEM)
    house = box_of(desk, "facilities")
    actions.change_mailbox(house, actor=SYSTEM, welcomes="people")
    sender = "vertriebsmitarbeiter@aussergewoehnlich-lange-domain.example"
    desk.receives(
        desk.letter(sender, to="facilities", subject="Angebot für Reinigungsdienstleistungen"), to="facilities"
    )
    return exchange, dovecot, row


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_mailboxes_and_mail_servers(visit: Visit, busy_desk: Desk, device: dict[str, Any]) -> None:
    """P42.1, P43.1, P44.1."""
    exchange, dovecot, row = furnish(busy_desk)
    box, handed = box_of(busy_desk, "it"), box_of(busy_desk, "hr")
    one, server = f"{SETTINGS}/mailboxes/{box.id}", f"{SETTINGS}/mail-servers/{exchange.pk}"
    check(
        visit("karim", device),
        [
            f"{SETTINGS}/mailboxes", f"{SETTINGS}/mailboxes/new", one, f"{SETTINGS}/mailboxes/{handed.id}",
            *(f"{one}?change={card}" for card in ("basics", "intake", "replies", "watch", "aliases", "key")),
            f"{one}/folders", f"{SETTINGS}/mailboxes/{row.mailbox_id}", f"{one}/arrival?mails=1",
            f"{SETTINGS}/mail-servers", f"{SETTINGS}/mail-servers/new",
            *(f"{SETTINGS}/mail-servers/new?kind={kind}" for kind in ("microsoft", "google", "other")),
            server, f"{server}?change=details", f"{server}?change=login", f"{SETTINGS}/mail-servers/{dovecot.pk}",
            "/desk/mailroom/unchecked",
        ],
    )  # fmt: skip


def test_a_mailbox_is_changed_by_keyboard_alone(visit: Visit, busy_desk: Desk) -> None:
    """P43.1."""
    administrator(busy_desk)
    box = box_of(busy_desk, "it")
    page = visit("karim").opens(f"{SETTINGS}/mailboxes/{box.id}?change=intake")
    assert page.evaluate("document.activeElement.name") == "welcomes", "the form's first field has the focus"
    page.keyboard.type("known dom")
    page.keyboard.press("Tab")
    page.keyboard.type("partner.example")
    while page.evaluate("document.activeElement.type") != "submit":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    box.refresh_from_db()
    assert (box.welcomes, box.domains) == ("domains", ["partner.example"])


def test_a_mail_server_is_added_without_script(visit: Visit, busy_desk: Desk) -> None:
    administrator(busy_desk)
    page = visit("karim", java_script_enabled=False).opens(f"{SETTINGS}/mail-servers/new?kind=other")
    page.get_by_label("Name", exact=True).fill("Dovecot")
    page.get_by_label("Mailbox", exact=True).fill("it@lindner.example")
    page.get_by_role("group", name="Fetching (IMAP)").get_by_label("Server").fill("imap.lindner.example")
    assert not page.get_by_label("Client ID").is_visible()
    page.get_by_label("Password").fill("canary")
    page.get_by_role("button", name="Add mail server").click()
    page.get_by_role("heading", name="Dovecot").wait_for()
    assert "canary" not in page.content()
    assert MailAccount.objects.get().imap_host == "imap.lindner.example"
