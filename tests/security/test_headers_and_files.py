"""Headers, files, sessions and tokens as an attacker meets them (S2, S6, S11-S13, S20, S22-S25)."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Collection
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.test import override_settings as with_settings
from django.urls import reverse

from hauspost.ground import clock
from hauspost.ground.config import load
from hauspost.ground.files.actions import path_of, read_blob, store
from hauspost.ground.tokens import new_token, token_hash
from hauspost.project.wsgi import BehindProxy
from hauspost.records.people import login
from hauspost.records.people.actions import (
    check_first_link,
    deactivate,
    first_administrator_link,
    give_role,
    set_password,
)
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import LinkToken, Person
from hauspost.records.people.refusals import LinkSpent
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from tests.desk import Desk
from tests.doors.browsing import browser

HOUSE = Path(__file__).parents[2] / "hauspost"
SOURCES = sorted(path for path in HOUSE.rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted(HOUSE.rglob("jinja2/**/*.html"))
PASSWORD = "a good long one"

# S2: what is attached, and what the mail says it is.
HOSTILE_FILES = {
    "page.html": ("text/html", b"<script>alert(1)</script>"),
    "picture.svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "code.js": ("application/javascript", b"alert(1)"),
    "module.mjs": ("text/javascript", b"alert(1)"),
    "style.css": ("text/css", b"*{background:url(http://evil.example)}"),
    "data.xml": ("application/xml", b"<?xml-stylesheet href='x.xsl'?><a/>"),
    "page.xhtml": (
        "application/xhtml+xml",
        b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
    ),
    "liar.png": ("image/png", b"<script>alert(1)</script>"),
    "liar.gif": ("image/gif", b"<!doctype html><script>GIF89a</script>"),
    "paper.pdf": ("application/pdf", b"%PDF-1.4 /JavaScript (app.alert(1))"),
    "archive.mht": ("multipart/related", b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>"),
    "list.csv": ("text/csv", b"alert(1)"),
    "letter.eml": ("application/octet-stream", b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>"),
}
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<script>alert(1)</script>"
RUNNABLE = re.compile(r"html|xml|svg|script|css|multipart", re.IGNORECASE)


def body_of(answer: HttpResponseBase) -> bytes:
    """All bytes of an answer."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


def with_files(desk: Desk) -> Ticket:
    """A ticket whose mail brought all the hostile files."""
    mail = EmailMessage()
    mail["From"], mail["To"] = desk.address("petra"), desk.address("it")
    mail["Subject"], mail["Message-ID"] = "Files", "<files@mail.example>"
    mail.set_content("See the files.")
    for name, (content_type, content) in (HOSTILE_FILES | {"true.png": ("image/png", PNG)}).items():
        main, _slash, sub = content_type.partition("/")
        if main == "multipart":
            main, sub = "application", "x-mimearchive"
        mail.add_attachment(content, main, sub, filename=name)
    delivery = desk.receives(mail.as_bytes(), mail_from=desk.address("petra"))
    assert delivery.ticket is not None
    return Ticket.objects.get(number=delivery.ticket)


def test_a_file_is_never_a_page_of_ours(desk: Desk) -> None:
    """S2: through both doors, asked as a download and asked inline."""
    ticket = with_files(desk)
    rows = Attachment.objects.filter(entry__ticket=ticket)
    assert {row.name for row in rows} >= set(HOSTILE_FILES) - {"letter.eml"}
    for name, door in (("anna", "file"), ("petra", "my-file")):
        client = browser(desk, name)
        for row in rows:
            for query in ("", "?inline=1"):
                answer = client.get(reverse(door, args=[ticket.number, row.id]) + query)
                body_of(answer)
                assert answer.status_code == 200, (name, row.name)
                assert answer["X-Content-Type-Options"] == "nosniff"
                rules = answer["Content-Security-Policy"].split("; ")
                assert rules[0] == "sandbox", "nothing may be allowed again"
                assert "default-src 'none'" in rules
                assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
                assert "private" in answer["Cache-Control"]
                assert not RUNNABLE.search(answer["Content-Type"]), (row.name, answer["Content-Type"])
                in_place = answer["Content-Disposition"].startswith("inline")
                assert in_place == (row.name == "true.png" and bool(query)), row.name


def test_a_mails_own_html_runs_nowhere_near_our_pages(desk: Desk) -> None:
    """S1, S2: the original stands in a sandbox that allows neither script nor our origin."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address("petra"), desk.address("it"), "Hello"
    mail.set_content("<form action=http://evil.example><script>alert(1)</script>", subtype="html")
    delivery = desk.receives(mail.as_bytes(), mail_from=desk.address("petra"))
    entry = Entry.objects.get(delivery=delivery.id)
    addresses = [
        (browser(desk, "anna"), reverse("original-body", args=[entry.ticket_id, entry.id])),
        (browser(desk, "deniz"), reverse("delivery-body", args=[delivery.id])),
    ]
    for client, address in addresses:
        rules = client.get(address)["Content-Security-Policy"].split("; ")
        assert rules[0] == "sandbox"
        assert "default-src 'none'" in rules
        assert not any(rule.startswith(("script-src", "form-action", "connect-src")) for rule in rules)
    page = browser(desk, "anna").get(reverse("original", args=[entry.ticket_id, entry.id])).text
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame is not None
    assert "sandbox" in frame[0]
    assert "allow-scripts" not in frame[0]
    assert "allow-same-origin" not in frame[0]


def test_no_page_may_run_what_is_not_ours(desk: Desk) -> None:
    """S1, S2: scripts from our own files and with a fresh nonce only, which no two answers share."""
    ticket = desk.ticket("petra")
    nonces = set()
    for name, address in (
        ("anna", reverse("ticket", args=[ticket.number])), ("anna", reverse("mine")), ("deniz", reverse("ledger")),
        ("petra", reverse("my-ticket", args=[ticket.number])), ("petra", "/nothing/here"),
    ):  # fmt: skip
        rules = browser(desk, name).get(address)["Content-Security-Policy"]
        script = next(rule for rule in rules.split("; ") if rule.startswith("script-src "))
        assert re.fullmatch(r"script-src 'self' 'nonce-[\w-]{20,}'", script), address
        nonces.add(script)
    assert len(nonces) == 5


# Files on disk (S6)


def test_stored_files_are_the_owners_alone(desk: Desk) -> None:
    """S6: even where the machine's umask says otherwise; under names nobody chose, outside what is served."""
    before = os.umask(0)
    try:
        blob = store(b"salary list, for your eyes only")
        path = path_of(blob.sha256)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    folder = path.parent
    while folder != settings.HAUSPOST.data:
        assert folder.stat().st_mode & 0o777 == 0o700, folder
        folder = folder.parent
    assert re.fullmatch(r"[0-9a-f]{64}", path.name)
    assert not path.is_relative_to(settings.STATIC_ROOT)
    for address in (f"/{path.relative_to(settings.HAUSPOST.data)}", f"/static/../{path.name}", f"/static/{path.name}"):
        assert Client().get(address).status_code == 404


def test_a_new_desks_folder_is_the_owners_alone(tmp_path: Path) -> None:
    """S6, S21: settings, secrets and database of a fresh start, made with the loosest umask."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HAUSPOST", "DJANGO"))}
    done = subprocess.run(
        [sys.executable, "-m", "hauspost", "migrate"],
        env=clean | {"HAUSPOST_FOLDER": str(tmp_path), "PYTHONPATH": str(HOUSE.parent)},
        cwd=tmp_path,
        umask=0,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    data = tmp_path / "data"
    assert (data / "hauspost.sqlite3").exists()
    loose = [
        f"{path.relative_to(tmp_path)} {path.stat().st_mode & 0o777:o}"
        for path in (data, *data.rglob("*"))
        if path.stat().st_mode & 0o077
    ]
    assert loose == []


def test_no_secret_lies_in_the_repository() -> None:
    """S21: no key, no database, no data folder is published with the code."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=HOUSE.parent, capture_output=True, text=True, check=False
    )  # fmt: skip
    if listed.returncode:
        return  # Not a clone: an installed or unpacked tree has nothing to list.
    found = [
        name
        for name in listed.stdout.splitlines()
        if re.search(r"(^|/)(data|blobs)/|secret$|keys\.json$|\.sqlite3$|\.pem$|\.key$|hauspost\.toml$", name)
    ]
    assert found == []


# The Host header and what proxies say (S11, S25)


def test_only_the_configured_host_is_served() -> None:
    """S11: what the product's own settings allow."""
    told = _settings_of({"HAUSPOST_PUBLIC_URL": "https://desk.lindner.example/helpdesk"})
    assert told["ALLOWED_HOSTS"] == ["desk.lindner.example"]
    assert told["USE_X_FORWARDED_HOST"] is False
    assert told["CSRF_TRUSTED_ORIGINS"] == ["https://desk.lindner.example"]
    # S23: cookies of an https desk never travel in the clear, and no script reads the session's.
    assert told["SESSION_COOKIE_SECURE"] is told["CSRF_COOKIE_SECURE"] is True
    assert told["SESSION_COOKIE_HTTPONLY"] is True
    assert told["SESSION_COOKIE_SAMESITE"] == told["CSRF_COOKIE_SAMESITE"] == "Lax"
    assert told["SESSION_COOKIE_PATH"] == "/helpdesk/"
    assert told["DEBUG"] is False


def _settings_of(environment: dict[str, str]) -> dict[str, Any]:
    names = [
        "ALLOWED_HOSTS",
        "USE_X_FORWARDED_HOST",
        "CSRF_TRUSTED_ORIGINS",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "DEBUG",
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
        "CSRF_COOKIE_SAMESITE",
        "SESSION_COOKIE_PATH",
        "SECURE_PROXY_SSL_HEADER",
    ]
    asked = f"""
import json
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "hauspost.project.settings"} | environment,
        cwd=HOUSE.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@with_settings(ALLOWED_HOSTS=["desk.lindner.example"])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "desk.lindner.example.evil.example", "desk.lindner.example@evil.example", "", "evil.example:80"],
)
def test_a_foreign_host_gets_nothing(desk: Desk, host: str) -> None:
    """S11: signed in or not, at every door."""
    for client in (Client(), browser(desk, "anna"), browser(desk, "petra")):
        for name in ("sign-in", "my-tickets", "mine"):
            answer = client.get(reverse(name), HTTP_HOST=host, SERVER_NAME="evil.example")
            assert answer.status_code == 400
            # The page names it beside the right one (P18.1), as text that leads nowhere.
            leading = re.findall(r'="[^"]*"', answer.content.decode())
            assert "evil.example" not in str(leading) + str(answer.headers)


def test_links_in_mails_come_from_the_settings(desk: Desk) -> None:
    """S11: whatever host a request names, mails and redirects lead to the configured address only."""
    evil: dict[str, Any] = {
        "HTTP_HOST": "evil.example",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_FORWARDED_SERVER": "evil.example",
    }
    petra, anna = browser(desk, "petra"), browser(desk, "anna")
    made = petra.post(reverse("portal"), {"subject": "Help", "text": "Please", "about": "network"}, **evil)
    assert made.status_code == 302
    assert made["Location"].startswith("/my-tickets/")
    number = int(made["Location"].partition("?")[0].rpartition("/")[2])
    desk.works()
    Ticket.objects.get(number=number)
    assert (
        anna.post(reverse("replies", args=[number]), {"text": "Done", "to": desk.address("petra")}, **evil).status_code
        == 302
    )
    desk.works()
    with desk.later(minutes=1):  # type: ignore[attr-defined]
        petra.post(reverse("my-answers", args=[number]), {"text": "Thanks"}, **evil)
        desk.works()
    mails = [_content(mail) for mail in desk.sent()]
    assert len(mails) >= 2
    texts = [text for raw in mails for text in _texts(raw)]
    links = {link for text in texts for link in re.findall(r"https?://[^\s\"'<>]+", text)}
    assert links, "some mail has a link to the ticket"
    public = settings.HAUSPOST.public_url.rstrip("/")
    assert {link for link in links if not link.startswith(public)} == set()
    assert not any(b"evil.example" in raw for raw in mails)


def _content(mail: Any) -> bytes:
    return bytes(mail.raw) if mail.raw is not None else read_blob(mail.blob_sha256)


def _texts(raw: bytes) -> list[str]:
    mail = message_from_bytes(raw, policy=policy.default)
    return [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]


@pytest.mark.parametrize(
    ("peer", "said", "believed"),
    [
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # nobody asked this one
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the left one, anybody may have written
        ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "<b>evil</b>", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7\r\nX: y", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:4711", "10.0.0.1"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_a_listed_proxy_is_believed_and_only_an_address(
    tmp_path: Path, peer: str, said: str, believed: str
) -> None:
    """S11, S25: no header of a request becomes words in a log, a page or a mail."""
    (tmp_path / "hauspost.toml").write_text('trusted_proxies = ["10.0.0.0/8"]\n')
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    environ = {
        "REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said, "HTTP_X_FORWARDED_PROTO": "https", "wsgi.url_scheme": "http",
        "PATH_INFO": "/",
    }  # fmt: skip
    BehindProxy(application, load(tmp_path))(environ, lambda *_all: None)
    assert seen["REMOTE_ADDR"] == believed
    assert seen["wsgi.url_scheme"] == ("https" if peer == "10.0.0.1" else "http")
    assert "HTTP_X_FORWARDED_FOR" not in seen


# Tokens (S12)


def test_a_first_link_opens_once_and_is_stored_as_its_hash_only(db: None) -> None:
    """S12, P17.4."""
    link = first_administrator_link()
    assert link is not None
    token = link.rpartition("/")[2]
    assert len(token) >= 128 / 5, "at least 128 bit in base32"
    rows = [str(row) for model in apps.get_models() for row in model._base_manager.values_list()]
    assert not any(token in row for row in rows)
    again = first_administrator_link()
    assert again is not None
    assert again != link
    assert Client().get(f"/first/{token}").status_code == 410, "the newer link made the older one void"
    path = f"/first/{again.rpartition('/')[2]}"
    form = {"name": "Ada", "address": "ada@lindner.example", "password": PASSWORD, "again": PASSWORD}
    assert Client().post(path, form | {"again": "another one!"}).status_code == 422
    assert Client().post(path, form).status_code == 302
    assert Client().get(path).status_code == 410
    assert Client().post(path, form | {"address": "eve@lindner.example"}).status_code == 410
    assert Person.objects.filter(is_administrator=True).count() == 1


def test_a_link_ends_with_its_time_and_serves_one_purpose(db: None) -> None:
    """S12: an expired link, one of another purpose, a used one."""
    link = first_administrator_link()
    assert link is not None
    token = link.rpartition("/")[2]
    row = LinkToken.objects.get()
    assert check_first_link(token).id == row.id
    with clock.standing_at(row.expires_at):
        assert Client().get(f"/first/{token}").status_code == 410
    other = new_token()
    LinkToken.objects.create(
        token_hash=token_hash(other), purpose=LinkToken.Purpose.TICKET, expires_at=row.expires_at, about=1
    )
    assert Client().get(f"/first/{other}").status_code == 410
    assert token_hash(token, "another purpose") != row.token_hash


@pytest.mark.parametrize(
    "nothing", ["", " ", "\t\n", None, 0, False, True, [], {}, b"", "None", "null", "a", "a" * 500, "ä"]
)
def test_nothing_never_matches_a_token(db: None, nothing: object) -> None:
    """S12: neither by itself nor against a row that holds nothing."""
    first_administrator_link()
    LinkToken.objects.create(
        token_hash="", purpose=LinkToken.Purpose.FIRST_ADMINISTRATOR, expires_at=LinkToken.objects.get().expires_at
    )
    with pytest.raises(LinkSpent):
        check_first_link(nothing)  # type: ignore[arg-type]


# Sessions and accounts (S13, S22)


def with_password(desk: Desk, name: str) -> Person:
    person: Person = Person.objects.get(id=desk.person(name).id)
    set_password(person, PASSWORD, actor=SYSTEM)
    person.refresh_from_db()
    return person


def signed_in(person: Person) -> Client:
    client = Client()
    form = {"address": person.addresses.get(is_main=True).address, "password": PASSWORD}
    assert client.post(reverse("sign-in"), form).status_code == 302
    return client


def test_a_session_ends_with_what_it_stood_on(desk: Desk) -> None:
    """S13: new password, other role, new role, deactivation: with the very next request, in every browser."""
    anna = with_password(desk, "anna")

    def change_password() -> None:
        set_password(Person.objects.get(id=anna.id), PASSWORD, actor=SYSTEM)

    def other_role() -> None:
        give_role(Person.objects.get(id=anna.id), desk.team("it"), "read_only", actor=SYSTEM)

    def another_team() -> None:
        give_role(Person.objects.get(id=anna.id), desk.team("facilities"), "agent", actor=SYSTEM)

    def leave() -> None:
        deactivate(Person.objects.get(id=anna.id), actor=SYSTEM)

    for happens in (change_password, other_role, another_team, leave):
        clients = [signed_in(anna), signed_in(anna)]
        assert all(client.get(reverse("mine")).status_code == 200 for client in clients)
        happens()
        assert [client.get(reverse("mine")).status_code for client in clients] == [302, 302], happens.__name__
    assert Client().post(
        reverse("sign-in"), {"address": desk.address("anna"), "password": PASSWORD}
    ).status_code == 401  # fmt: skip


def test_a_session_is_new_with_every_sign_in_and_gone_with_sign_out(desk: Desk) -> None:
    """S13: a key that somebody else knew before is worth nothing after."""
    with_password(desk, "anna")
    client = signed_in(with_password(desk, "petra"))
    first = client.cookies["hauspost"].value
    # Somebody else signs in where Petra forgot to sign out.
    client.post(reverse("sign-in"), {"address": desk.address("anna"), "password": PASSWORD})
    second = client.cookies["hauspost"].value
    assert first != second
    assert not Session.objects.filter(session_key=first).exists()
    assert client.get(reverse("mine")).status_code == 200
    client.post(reverse("sign-out"))
    assert not Session.objects.filter(session_key=second).exists()
    thief = Client()
    for key in (first, second, "planted-by-somebody-else-0000000"):
        thief.cookies["hauspost"] = key
        assert thief.get(reverse("mine")).status_code == 302


class Counted(MD5PasswordHasher):
    """Counts how often a password is worked on."""

    algorithm = "counted"
    worked = 0

    def encode(self, password: str, salt: str) -> str:
        Counted.worked += 1
        return super().encode(password, salt)


@with_settings(PASSWORD_HASHERS=["tests.security.test_headers_and_files.Counted"])
def test_nobody_learns_who_has_an_account(desk: Desk) -> None:
    """S22: known, without password, deactivated, unknown: the same page and the same work."""
    with_password(desk, "anna")
    leaver = with_password(desk, "jonas")
    deactivate(leaver, actor=SYSTEM)
    told = {}
    for who, address in {
        "known": desk.address("anna"),
        "without a password": desk.address("petra"),
        "deactivated": desk.address("jonas"),
        "unknown": "nobody.here@lindner.example",
        "ours": desk.address("it"),
        "nonsense": "x",
    }.items():
        Counted.worked = 0
        answer = Client().post(reverse("sign-in"), {"address": address, "password": "wrong wrong wrong"})
        text = re.sub(r'(nonce|csrfmiddlewaretoken" value)="[^"]*"', "", answer.text)
        text = text.replace(f'value="{address}"', "ADDRESS")
        told[who] = (answer.status_code, sorted(answer.headers), text, Counted.worked)
    assert told["known"][0] == 401
    assert told["known"][3] == 1
    assert [who for who, said in told.items() if said != told["known"]] == []


def test_guessing_is_slowed_alike_and_no_header_helps(desk: Desk) -> None:
    """S22, S25: for known and unknown addresses; a made up client address or spelling does not begin anew."""
    with_password(desk, "anna")
    for address in (desk.address("anna"), "nobody.here@lindner.example"):
        spelled = [address, address.upper(), f" {address} "]
        codes = [
            Client()
            .post(
                reverse("sign-in"),
                {"address": spelled[turn % 3], "password": f"guess {turn} guess"},
                HTTP_X_FORWARDED_FOR=f"10.1.1.{turn}",
                HTTP_X_REAL_IP=f"10.1.1.{turn}",
            )
            .status_code
            for turn in range(login.PER_ACCOUNT + 1)
        ]
        assert codes == [401] * login.PER_ACCOUNT + [429], address
    form = {"address": desk.address("anna"), "password": PASSWORD}
    assert Client().post(reverse("sign-in"), form).status_code == 429
    with desk.later(minutes=16):  # type: ignore[attr-defined]
        assert Client().post(reverse("sign-in"), form).status_code == 302


def test_guessing_many_accounts_is_slowed_too(desk: Desk) -> None:
    """S22: one password tried on everybody from one place."""
    codes = [
        Client().post(reverse("sign-in"), {"address": f"p{turn}@lindner.example", "password": "Sommer2026"}).status_code
        for turn in range(login.PER_PEER + 1)
    ]
    assert codes[-2:] == [401, 429]


# Other sites (S23)


def test_no_other_site_reads_an_answer(desk: Desk) -> None:
    """S23: no CORS, also when asked before; the cookies are for us alone."""
    anna = with_password(desk, "anna")
    client = Client()
    form = {"address": desk.address("anna"), "password": PASSWORD}
    cookie = client.post(reverse("sign-in"), form).cookies["hauspost"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "@" not in cookie.value and str(anna.uid) not in cookie.value
    ticket = desk.ticket("petra")
    for name, given in (("ticket", [ticket.number]), ("mine", []), ("people", []), ("sign-in", []), ("my-tickets", [])):
        address = reverse(name, args=given)
        for answer in (
            client.get(address, HTTP_ORIGIN="https://evil.example"),
            client.options(
                address, HTTP_ORIGIN="https://evil.example", HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"
            ),
        ):  # fmt: skip
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
            assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example",
     "https:evil.example", "http:///evil.example", " //evil.example", "///evil.example"],
)  # fmt: skip
def test_no_form_leads_to_another_site(desk: Desk, target: str) -> None:
    """S23, S26: every `next` stays here."""
    with_password(desk, "anna")
    ticket = desk.ticket("petra")
    anna = browser(desk, "anna")
    form = {"address": desk.address("anna"), "password": PASSWORD, "next": target}
    answers = [
        Client().post(reverse("sign-in"), form),
        anna.get(reverse("sign-in"), {"next": target}),
        anna.post(reverse("look"), {"theme": "dark", "next": target}),
        anna.post(reverse("tags", args=[ticket.number]), {"tag": "x", "next": target}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert re.fullmatch(r"/(?![/\\])[\w/\-]*", answer["Location"]), answer["Location"]


# Header injection (S20)

INJECTIONS = [
    "a\r\nBcc: evil@evil.example",
    "a\nX-Evil: 1",
    "a\r\n\r\n<script>",
    "a\0b",
    "a\u2028Bcc: evil@evil.example",
    "a\x0bX-Evil: 1",
]


@pytest.mark.parametrize("words", INJECTIONS)
def test_no_words_from_outside_become_a_header_of_a_mail(desk: Desk, words: str) -> None:
    """S20: in the subject, the sender's name and the name of a file, by mail and by form."""
    from email.header import Header

    def encoded(text: str) -> str:
        return Header(text, "utf-8", maxlinelen=1000).encode(linesep="")

    raw = (
        f"From: {encoded('Petra ' + words)} <{desk.address('petra')}>\r\nTo: {desk.address('it')}\r\n"
        f"Subject: {encoded(words)}\r\nMessage-ID: <injected@mail.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHelp\r\n"
        f'--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="{encoded(words)}.txt"\r\n\r\n'
        "file\r\n--x--\r\n"
    )
    delivery = desk.receives(raw.encode(), mail_from=desk.address("petra"))
    assert delivery.ticket is not None, (delivery.disposition, delivery.because)
    anna = browser(desk, "anna")
    upload = SimpleUploadedFile("x.txt", b"x", "text/plain")
    upload.name = f"{words}.txt"
    form: dict[str, Any] = {"text": words, "files": upload, "to": desk.address("petra")}
    assert anna.post(reverse("replies", args=[delivery.ticket]), form).status_code == 302
    anna.post(reverse("subject", args=[delivery.ticket]), {"subject": words + " again"})
    anna.post(reverse("tags", args=[delivery.ticket]), {"tag": words})
    desk.works()
    for row in Attachment.objects.filter(entry__ticket=delivery.ticket):
        answer = anna.get(reverse("file", args=[delivery.ticket, row.id]))
        body_of(answer)
        assert not any(re.search(r"[\r\n\0]", value) for value in answer.headers.values())
        assert "X-Evil" not in answer.headers
    assert "\n" not in Ticket.objects.get(number=delivery.ticket).subject
    mails = desk.sent()
    assert mails
    for mail in mails:
        parsed = message_from_bytes(_content(mail), policy=policy.default)
        for part in parsed.walk():
            assert not {"bcc", "x-evil"} & {name.lower() for name in part}, mail.kind
        assert all("evil" not in one.address for one in mail.recipients.all())
        assert "evil" not in str(parsed["To"]).rpartition("<")[2]


# What a machine can check of the sources (S24, S1)

# Reviewed: every value in these statements is a parameter, every name in them a constant.
OWN_SQL = {
    "ground/db.py", "ground/wake.py", "doors/cli/doctor.py", "ground/search/postgres.py",
    "ground/search/sqlite.py", "ground/search/actions.py", "ground/search/_seeking.py", "ground/search/_rebuilding.py",
    "ground/hot.py", "ground/sqlite/base.py", "ground/vitals/presence.py",
}  # fmt: skip
# Reviewed: why each may say that its words are HTML already.
OWN_HTML = {
    "doors/ui/pages.py": "the form token's field",
    "doors/ui/environment.py": "icons from the package",
    "doors/ui/formats.py": "times, links and addresses, each escaped",
    "doors/desk/entries.py": "entries, sanitised on their way in",
    "doors/desk/timeline.py": "sentences whose parts are escaped",
    "doors/desk/settings/telling.py": "sentences whose parts are escaped",
    "doors/portal/record.py": "entries, sanitised on their way in",
}
# Each `|safe` in a template, word for word.
SAFE_IN_TEMPLATES = {
    ("desk/_side.html", "'hx-target=\"#side\" hx-select=\"#side\" hx-swap=\"outerHTML\" hx-select-oob=\"#head,#record,#notices\"'|safe"),
}  # fmt: skip


def _named(path: Path, *, calls: Collection[str] = (), names: Collection[str] = ()) -> list[str]:
    """Where a source calls or names one of these."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        used, wanted = (node.func, calls) if isinstance(node, ast.Call) else (node, names)
        name = used.id if isinstance(used, ast.Name) else used.attr if isinstance(used, ast.Attribute) else ""
        if name in wanted:
            found.append(f"{name} in line {used.lineno}")  # type: ignore[attr-defined]
    return found


def test_sql_is_written_in_a_few_reviewed_places_only() -> None:
    """S24."""
    found = {}
    for path in SOURCES:
        name = str(path.relative_to(HOUSE))
        calls = {"raw", "extra", "cursor", "execute", "executemany", "executescript", "mogrify"}
        there = _named(path, calls=calls, names={"RawSQL", "RunSQL"})
        if there:
            found[name] = there
    assert {name: there for name, there in found.items() if name not in OWN_SQL} == {}
    assert set(found) == OWN_SQL, "what needs no SQL any more leaves the list"


def test_no_sql_is_put_together_from_values() -> None:
    """S24: in those places a statement may be joined of constants (in capitals) only."""
    suspicious = []
    for name in sorted(OWN_SQL):
        for node in ast.walk(ast.parse((HOUSE / name).read_text())):
            is_execute = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("execute", "executemany")
                and node.args
            )
            if not is_execute:
                continue
            statement = node.args[0]  # type: ignore[attr-defined]
            joined = isinstance(statement, ast.BinOp) or (
                isinstance(statement, ast.Call)
                and isinstance(statement.func, ast.Attribute)
                and statement.func.attr == "format"
            )
            if joined:
                suspicious.append(f"{name}: {ast.unparse(statement)}")
            if isinstance(statement, ast.JoinedStr):
                for value in statement.values:
                    if isinstance(value, ast.FormattedValue) and ast.unparse(value.value) not in REVIEWED_IN_SQL:
                        suspicious.append(f"{name}: {ast.unparse(value.value)}")
    assert suspicious == []


# Names in statements: each runs over constants of its module, or is a number (a PRAGMA takes no parameter).
REVIEWED_IN_SQL = {
    "CHANNEL", "name", "kind", "_mark(_STRUCTURES[name])", "matches", "INDEXED.format('')", "_LOG_WAIT_MILLISECONDS",
    "usual",
}  # fmt: skip


def test_html_is_declared_safe_in_a_few_reviewed_places_only() -> None:
    """S1, S24."""
    found = {
        str(path.relative_to(HOUSE)): there
        for path in SOURCES
        if (there := _named(path, calls={"mark_safe", "Markup", "SafeString", "SafeText", "format_html", "html_safe"}))
    }
    uses = {name: there for name, there in found.items() if name not in OWN_HTML}
    assert uses == {}
    unescaped = set()
    for path in TEMPLATES:
        text = path.read_text()
        assert "autoescape" not in text, path
        name = "/".join(path.parts[-2:])
        unescaped |= {(name, match[0]) for match in re.finditer(r"(?:'[^']*'|\"[^\"]*\"|[\w.()]+)\s*\|\s*safe\b", text)}
    assert unescaped == SAFE_IN_TEMPLATES


def test_every_source_that_shows_templates_escapes() -> None:
    """S1: one environment, which escapes; no page is put together as a string."""
    from hauspost.doors.ui.pages import _environment

    assert _environment().autoescape is True
    own = {str(path.relative_to(HOUSE)) for path in SOURCES if _named(path, names={"Environment", "from_string"})}
    assert own <= {"doors/ui/environment.py", "doors/ui/pages.py", "duties/notices/letters.py"}
