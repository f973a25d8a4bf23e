"""The whole story with every real part: mail over SMTP, clicks in a browser, the reply in a mailbox, and back."""

import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import world
from tests.doors._running import REPOSITORY, Running, clean_environment, free_port, until
from tests.ground.receiving import PostOffice, post_office
from tests.stories.founding import PASSWORD
from tests.stories.keeping import postgres_database

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class House:
    """A running Hauspost, and the company's own mail server beside it."""

    def __init__(self, folder: Path, office: PostOffice, database_url: str) -> None:
        self.office = office
        self.web, self.smtp = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.web}"
        self.environment = clean_environment(
            HAUSPOST_FOLDER=str(folder),
            HAUSPOST_DATABASE_URL=database_url,
            HAUSPOST_PUBLIC_URL=self.address,
            HAUSPOST_WEB_LISTEN=f"127.0.0.1:{self.web}",
            HAUSPOST_SMTP_LISTEN=f"127.0.0.1:{self.smtp}",
            HAUSPOST_OUTGOING_HOST="127.0.0.1",
            HAUSPOST_OUTGOING_PORT=str(office.port),
            HAUSPOST_MAIL_DOMAIN="lindner.example",
            HAUSPOST_COMPANY_DOMAINS="lindner.example",
            HAUSPOST_UNDO_SECONDS="0",
        )
        self.folder = folder

    def found(self) -> None:
        """The company with its cast; two of them can sign in."""
        words = [sys.executable, "-m", "tests.stories.founding", "deniz", "anna", "petra"]
        settings = {"DJANGO_SETTINGS_MODULE": "hauspost.project.settings"}
        subprocess.run(words, env=self.environment | settings, cwd=REPOSITORY, check=True, timeout=120)

    def sends(self, sender: str, to: str, subject: str, text: str, answers: Message | None = None) -> None:
        """A person sends a mail, over SMTP, as their mail program would."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        mail["Message-ID"] = f"<{abs(hash((subject, text)))}@lindner.example>"
        if answers is not None:
            mail["In-Reply-To"] = mail["References"] = answers["Message-ID"]
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=30) as client:
            client.send_message(mail)

    def got(self, address: str, words: str) -> Message:
        """The mail in somebody's mailbox whose text or subject holds these words; waits for it."""

        def found() -> list[Message]:
            mails = [message_from_bytes(one.content) for one in self.office.received if address in one.recipients]
            return [mail for mail in mails if words in _words_of(mail)]

        until(lambda: bool(found()), f"a mail to {address} with {words!r}")
        return found()[-1]


def _words_of(mail: Message) -> str:
    from email.header import decode_header, make_header

    body = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return str(make_header(decode_header(mail["Subject"]))) + "\n" + payload.decode()


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    database_url = "sqlite" if request.param == "sqlite" else postgres_database("story")
    with post_office() as office:
        made = House(tmp_path, office, database_url)
        made.found()
        with Running("-m", "hauspost", "--folder", str(tmp_path), "up", environment=made.environment) as running:
            running.says("Hauspost is ready")
            yield made


def sign_in(page: Page, house: House, address: str) -> None:
    page.goto(f"{house.address}/sign-in")
    page.locator("input[name=address]").fill(address)
    page.locator("main button[type=submit]").first.click()
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()


def test_a_mail_becomes_an_answered_ticket(house: House, page: Page) -> None:
    """The main job, end to end: mail, ticket, acknowledgement, triage, reply, answer, solved and closed."""
    petra, it = world.PETRA.address, "it@lindner.example"
    house.sends(petra, it, "Etikettendrucker druckt nicht", "Seit heute früh nur leere Etiketten.")
    acknowledgement = house.got(petra, "Etikettendrucker druckt nicht")
    number = re.search(r"\[#(\d+)\]", _words_of(acknowledgement))
    assert number is not None

    # The dispatcher sorts it: category, person, place.
    sign_in(page, house, world.DENIZ.address)
    page.goto(f"{house.address}/desk/triage")
    expect(page.get_by_role("heading", name="Etikettendrucker druckt nicht")).to_be_visible()
    page.locator("label").filter(has_text="Deniz Aydın").first.click()
    page.get_by_role("button", name="Ablegen").click()
    page.goto(f"{house.address}/desk/tickets/{number[1]}")
    expect(page.get_by_text("Offen", exact=True).first).to_be_visible()

    # An agent answers; no text box before reply was chosen (P6.1).
    assert page.locator("main textarea").count() == 0
    page.get_by_role("link", name="Antworten").first.click()
    page.get_by_role("textbox", name="Ihre Antwort").fill("Bitte öffnen Sie die Klappe.")
    page.get_by_role("button", name=f"Senden an {petra}").click()
    expect(page.get_by_text("Bitte öffnen Sie die Klappe.").first).to_be_visible()
    reply = house.got(petra, "Bitte öffnen Sie die Klappe.")
    assert reply["In-Reply-To"] and reply["From"].endswith(f"<{it}>")

    # The employee's mail program answers; it joins the ticket.
    house.sends(petra, reply["Reply-To"].split("<")[-1].strip(">"), "Re: Etikettendrucker", "Jetzt geht es!", reply)
    house.got(world.DENIZ.address, "Jetzt geht es!")
    page.reload()
    expect(page.locator("article").filter(has_text="Jetzt geht es!")).to_be_visible()

    # Solved, and confirmed by the requester.
    page.get_by_role("button", name="Gelöst").click()
    expect(page.get_by_text("Gelöst", exact=True).first).to_be_visible()
    page.context.clear_cookies()
    sign_in(page, house, petra)
    page.goto(f"{house.address}/my-tickets/{number[1]}")
    expect(page.get_by_text("Jetzt geht es!").first).to_be_visible()
    page.get_by_role("button", name=re.compile("bestätigen|gelöst", re.IGNORECASE)).first.click()
    expect(page.get_by_text("Geschlossen").first).to_be_visible()

    verified = subprocess.run(
        [sys.executable, "-m", "hauspost", "--folder", str(house.folder), "record", "verify"],
        env=house.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
