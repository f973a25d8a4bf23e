"""Behind nginx, Apache and Caddy, with TLS, under a name of its own and below a path (P18, S11, S14, S25)."""

import http.client
import json
import re
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.doors._proxies import PROXIES, Front, make_certificate, running
from tests.doors._running import Running, clean_environment, free_port, until
from tests.doors._visiting import Answer, Visitor, links
from tests.stories.founding import PASSWORD

pytestmark = pytest.mark.once
PETRA, KARIM = "petra.lang@lindner.example", "karim.haddad@lindner.example"


@dataclass
class House:
    """A running Hauspost with the named cast, and the way through which people come to it."""

    front: Front
    folder: Path
    smtp: int
    certificate: Path
    variables: dict[str, str]
    log: list[str]

    def visitor(self, source: str = "127.0.0.5") -> Visitor:
        return Visitor(self.front.address, self.certificate, source)

    def signed_in(self, address: str = PETRA) -> Visitor:
        visitor = self.visitor()
        answer = sign_in(visitor, address, PASSWORD)
        assert answer.status == 302, answer.text
        return visitor

    def rows(self, question: str) -> list[tuple[object, ...]]:
        """Asked beside the running one, as an administrator with a shell could."""
        database = sqlite3.connect(f"file:{self.folder}/data/hauspost.sqlite3?mode=ro", uri=True)
        try:
            return database.execute(question).fetchall()
        finally:
            database.close()


def sign_in(visitor: Visitor, address: str, password: str, **headers: str) -> Answer:
    page = visitor.get(f"{visitor.below}/sign-in", **headers)
    assert page.status == 200, page.text
    return visitor.submit(f"{visitor.below}/sign-in", page, address=address, password=password)


@pytest.fixture(scope="module", params=["root", "sub-path"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Hauspost as it is set up behind a proxy; the three proxies take turns at the same port."""
    folder = tmp_path_factory.mktemp("house")
    front = Front(tmp_path_factory.mktemp("proxy"), free_port(), free_port(), request.param == "sub-path")
    certificate = make_certificate(front.folder)
    smtp = free_port()
    variables = clean_environment(
        HAUSPOST_FOLDER=str(folder),
        HAUSPOST_PUBLIC_URL=front.address,
        HAUSPOST_TRUSTED_PROXIES="127.0.0.1/32",
        HAUSPOST_WEB_LISTEN=f"127.0.0.1:{front.behind}",
        HAUSPOST_SMTP_LISTEN=f"127.0.0.1:{smtp}",
        HAUSPOST_OUTGOING_MAILDIR=str(folder / "sent"),
        HAUSPOST_MAIL_DOMAIN="lindner.example",
        HAUSPOST_COMPANY_DOMAINS="lindner.example",
        HAUSPOST_LOG_FORMAT="json",
        SSL_CERT_FILE=str(certificate),
    )
    (folder / "hauspost.toml").touch()
    founding = {**variables, "DJANGO_SETTINGS_MODULE": "hauspost.project.settings"}
    subprocess.run([sys.executable, "-m", "tests.stories.founding", "petra", "karim"], env=founding, check=True)
    with Running("-m", "hauspost", "up", environment=variables) as up:
        up.says("Hauspost is ready")
        yield House(front, folder, smtp, certificate, variables, up.lines)
        up.process.terminate()
        up.ends()


@pytest.fixture(params=list(PROXIES))
def proxied(request: pytest.FixtureRequest, house: House) -> Iterator[House]:
    with running(request.param, house.front):
        yield house


def test_somebody_signs_in_works_and_signs_out(proxied: House) -> None:
    """P18.1, P18.2, S23: a form passes, redirects and links stay where we are, cookies are ours alone and secure."""
    below, visitor = proxied.front.address.removeprefix(f"https://localhost:{proxied.front.port}"), proxied.visitor()

    first = visitor.get(f"{below}/")
    assert (first.status, first.header("Location")) == (302, f"{below}/sign-in")
    answer = sign_in(visitor, PETRA, PASSWORD)
    assert (answer.status, answer.header("Location")) == (302, f"{below}/"), answer.text
    assert visitor.get(f"{below}/").header("Location") == f"{below}/ask"
    for cookie in visitor.cookies.values():
        assert cookie["secure"] and cookie["path"] == f"{below}/" and cookie["samesite"] == "Lax", cookie
    assert visitor.cookies["hauspost"]["httponly"]

    page = visitor.get(f"{below}/ask")
    assert "Petra Lang" in page.text
    assert [link for link in links(page.text) if link.startswith("/") and not link.startswith(f"{below}/")] == []
    styles = next(link for link in links(page.text) if link.endswith(".css") or ".css?" in link)
    style = visitor.get(styles, Accept_Encoding="gzip")
    assert style.status == 200 and style.header("Content-Type").startswith("text/css")
    assert style.header("Content-Encoding") == "gzip"
    assert visitor.get(f"{below}/ask", Accept_Encoding="gzip").header("Content-Encoding") == ""

    out = visitor.submit(f"{below}/sign-out", page)
    assert (out.status, out.header("Location")) == (302, f"{below}/sign-in")
    assert visitor.get(f"{below}/me").status == 302


def test_addresses_arrive_as_they_were_asked(proxied: House) -> None:
    below, visitor = urlpath(proxied), proxied.signed_in(KARIM)
    found = visitor.get(f"{below}/desk/search?q=M%C3%BCller%2F3%20%22a+b%22")
    assert found.status == 200
    assert 'value="Müller/3 &#34;a b&#34;"' in found.text
    assert visitor.get(f"{below}/no%2Fsuch%2Fpage").status == 404


def test_whose_address_counts_cannot_be_claimed(proxied: House) -> None:
    """S25, S22: what is forged goes nowhere; sign-ins are slowed down for the true client."""
    visitor = proxied.visitor("127.0.0.7")
    forged = {
        "X_Forwarded_For": "203.0.113.9", "X__Forwarded__For": "203.0.113.9", "X_Real_IP": "203.0.113.9",
        "Forwarded": "for=203.0.113.9", "Client_IP": "203.0.113.9",
    }  # fmt: skip
    page = visitor.get(f"{visitor.below}/sign-in")
    token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
    before = peers(proxied)
    wrong = {"csrfmiddlewaretoken": token, "address": "nobody@lindner.example", "password": "wrong"}
    assert visitor.post(f"{visitor.below}/sign-in", wrong, **forged).status == 401
    assert peers(proxied)[len(before) :] == ["127.0.0.7"]


def test_https_is_seen_whatever_a_client_claims(proxied: House) -> None:
    """S25: a claimed http would make cookies and redirects unsafe."""
    visitor = proxied.visitor()
    forged = {"X_Forwarded_Proto": "http", "X__Forwarded__Proto": "http", "X_Forwarded_Ssl": "off"}
    page = visitor.get(f"{visitor.below}/sign-in", **forged)
    # Django compares the Referer only where it sees https.
    token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
    sent = {"csrfmiddlewaretoken": token, "address": PETRA, "password": PASSWORD}
    refused = visitor.post(f"{visitor.below}/sign-in", sent, Origin="", Referer="https://evil.example/", **forged)
    assert refused.status == 403


def test_a_header_that_names_a_user_opens_nothing(proxied: House) -> None:
    """S14."""
    for name in ("Remote_User", "Remote__User", "X_Remote_User", "X_Forwarded_User", "Auth_User"):
        answer = proxied.visitor().get(f"{urlpath(proxied)}/me", **{name: KARIM})
        assert answer.status == 302 and "/sign-in" in answer.header("Location")


def test_a_foreign_host_gets_no_page_of_ours(proxied: House) -> None:
    """S11: a wrong Host is refused, a forwarded one is not listened to."""
    visitor = proxied.visitor()
    wrong = visitor.get(f"{visitor.below}/sign-in", Host="evil.example")
    # Caddy knows only its own names, and answers others by itself with nothing.
    assert wrong.status == 400 or wrong.text == ""
    assert "csrfmiddlewaretoken" not in wrong.text
    for name in ("X_Forwarded_Host", "X__Forwarded__Host", "Forwarded"):
        told = visitor.get(
            f"{visitor.below}/sign-in", **{name: "host=evil.example" if name == "Forwarded" else "evil.example"}
        )
        assert told.status == 200 and "evil.example" not in told.text


def test_links_in_mails_lead_back_through_the_proxy(proxied: House) -> None:
    """P18.1, S11: whatever Host somebody sent before, links come from the public URL alone."""
    box = proxied.folder / "sent" / "new"

    def to_petra() -> list[str]:
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in box.glob("*")]
        theirs = [part for mail in mails if PETRA in mail["To"] for part in mail.walk()]
        return [part.get_content() for part in theirs if part.get_content_type() == "text/plain"]

    # One sender is acknowledged once a day.
    if not to_petra():
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = f"Petra Lang <{PETRA}>", "it@lindner.example", "Printer"
        letter["Message-ID"] = "<stuck@lindner.example>"
        letter.set_content("It is stuck.")
        with smtplib.SMTP("127.0.0.1", proxied.smtp) as hand:
            hand.send_message(letter)
        until(lambda: bool(to_petra()), "an acknowledgement")
    ours = [link for text in to_petra() for link in re.findall(r"https?://\S+", text) if "localhost" in link]
    assert ours and all(link.startswith(f"{proxied.front.address}/") for link in ours), to_petra()
    path = ours[0].removeprefix(f"https://localhost:{proxied.front.port}")
    assert proxied.signed_in().get(path).status in (200, 302)


def test_the_doctor_finds_the_proxy_right(proxied: House) -> None:
    """P17.5: asked by the public address, what arrives is what the settings expect."""
    found = subprocess.run(
        [sys.executable, "-m", "hauspost", "doctor"], env=proxied.variables, capture_output=True, text=True, timeout=60
    )
    (line,) = [line for line in found.stdout.splitlines() if " proxy: " in line]
    assert line.startswith("ok"), found.stdout


def test_the_doctor_finds_a_careless_proxy(house: House, tmp_path: Path) -> None:
    """P17.5: Apache as many set it up, without Host, without https, and with whatever a client claims."""
    careless = [f"ProxyPass {path} http://127.0.0.1:{house.front.behind}{path}" for path in (urlpath(house) or "/",)]
    for wanted in ("the host arrives as", "sends no X-Forwarded-Proto", "claim any address"):
        with running("apache", house.front, "\n".join(careless)):
            found = subprocess.run(
                [sys.executable, "-m", "hauspost", "doctor"], env=house.variables, capture_output=True, text=True
            )
        assert wanted in found.stdout, found.stdout
        careless.append("ProxyPreserveHost On" if "host" in wanted else 'RequestHeader set X-Forwarded-Proto "https"')


def test_what_is_too_big_is_refused_by_the_proxy(proxied: House) -> None:
    """It never reaches Hauspost; the largest that a mail may have does."""
    visitor = proxied.visitor()
    assert attach(visitor, 45_000_000) == 403  # The form has no token, but it came through.
    # Some close the door while we are still talking; Caddy may take it for a fault behind it.
    assert attach(visitor, 70_000_000) in (400, 413, 502, "closed")


def test_machines_ask_directly_and_outsiders_learn_one_word(proxied: House) -> None:
    """By the public address only "ok"; no metrics. At the machine itself the numbers, whatever the public name is."""
    below, visitor = urlpath(proxied), proxied.visitor("127.0.0.5")
    outside = visitor.get(f"{below}/healthz")
    assert outside.status == 200
    direct = Visitor(f"http://127.0.0.1:{proxied.front.behind}", source="127.0.0.1")
    assert '"worker": "ok"' in direct.get("/healthz").text
    assert "hauspost_mail_in_waiting 0" in direct.get("/metrics").text


def test_the_log_is_json_and_tells_no_name_no_address_and_no_path(proxied: House) -> None:
    """S21, in all processes of a running Hauspost."""
    visitor = proxied.signed_in()
    visitor.get(f"{visitor.below}/first/canary0token?q=canary1query")
    visitor.get(f"{visitor.below}/sign-in", User_Agent="canary2agent")
    until(lambda: any('"status": 410' in line for line in proxied.log), "a line of the log")
    told = [json.loads(line) for line in proxied.log]
    assert {line["process"] for line in told} >= {"hauspost", "web", "listen"}
    assert all(line["time"].endswith("Z") and line["event"] for line in told)
    assert {"method": "GET", "route": "first-administrator", "status": 410}.items() <= told[-2].items() or told
    everything = "\n".join(proxied.log).lower()
    for personal in ("canary", "petra", "karim", "lindner.example", "printer", "127.0.0.5", PASSWORD):
        assert personal not in everything, personal


def urlpath(house: House) -> str:
    return "/hilfe" if house.front.is_below else ""


def peers(house: House) -> list[str]:
    return [str(peer) for (peer,) in house.rows("SELECT peer FROM people_signinattempt ORDER BY id")]


def attach(visitor: Visitor, size_bytes: int) -> int | str:
    """Send a form with a file; the status, or "closed"."""
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n'
    body = head + b"x" * size_bytes + b"\r\n--x--\r\n"
    try:
        answer = visitor._ask(
            "POST", f"{visitor.below}/sign-in", body, {"Content_Type": "multipart/form-data; boundary=x"}
        )
    except (OSError, http.client.HTTPException):
        return "closed"
    return answer.status
