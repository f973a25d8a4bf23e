"""The shared look: formats, strictness, headers, errors, signing in, the words in two languages."""

import re
import subprocess
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from jinja2 import UndefinedError

from hauspost.doors.ui import errors, formats, serving
from hauspost.doors.ui.environment import icon
from hauspost.ground import clock
from hauspost.records.people import actions as people
from hauspost.records.people.models import Person
from tests.desk import Desk
from tests.doors.browsing import browser, words

ROOT = Path(__file__).parents[2]
DOORS = ROOT / "hauspost" / "doors"
NOW = timezone.datetime(2026, 11, 23, 13, 5, tzinfo=timezone.get_default_timezone())


def render(template: str, **context: object) -> str:
    return engines["jinja2"].env.from_string(template).render(context)


# Strictness


@pytest.mark.parametrize("raw", [NOW, date(2026, 11, 23), 1.5, Decimal("1.5"), timedelta(minutes=3)])
def test_no_moment_and_no_fraction_is_shown_raw(raw: object) -> None:
    """P44.3: it needs a format of the reader's."""
    with pytest.raises(TypeError, match="filter"):
        render("{{ raw }}", raw=raw)


def test_a_mistyped_name_stops_the_page() -> None:
    with pytest.raises(UndefinedError):
        render("{{ tikcet }}")


def test_text_is_escaped() -> None:
    assert render("{{ text }}", text="<b>&") == "&lt;b&gt;&amp;"


# Formats


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", ["23.11.2026, 13:05", "1.234,5", "412 kB", "1,3 MB"]),
        ("en", ["23 Nov 2026, 13:05", "1,234.5", "412 kB", "1.3 MB"]),
    ],
)
def test_dates_numbers_and_sizes_in_the_readers_format(language: str, said: list[str]) -> None:
    """P44.3."""
    with translation.override(language), timezone.override("Europe/Berlin"):
        told = [formats.when(NOW), formats.number(1234.5, 1), formats.size(412_000), formats.size(1_300_000)]
    assert told == said


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(minutes=5), "13:00"), (timedelta(days=1), "Yesterday"), (timedelta(days=3), "Fri"),
        (timedelta(days=30), "24 Oct"), (timedelta(days=400), "19 Oct 2025"),
    ],
)  # fmt: skip
def test_a_list_says_the_time_in_brief(before: timedelta, said: str) -> None:
    with clock.standing_at(NOW), translation.override("en"), timezone.override("Europe/Berlin"):
        assert formats.brief(NOW - before) == said


@pytest.mark.parametrize(
    ("after", "said"), [(timedelta(hours=2), "15:05"), (timedelta(days=1), "Tue 13:05"), (timedelta(days=30), "23 Dec")]
)
def test_a_planned_time_is_brief_too(after: timedelta, said: str) -> None:
    with clock.standing_at(NOW), translation.override("en"), timezone.override("Europe/Berlin"):
        assert formats.soon(NOW + after) == said


def test_a_moment_is_shown_in_the_readers_zone() -> None:
    with timezone.override("Europe/Vienna"), translation.override("de"):
        vienna = formats.clock(NOW)
    with timezone.override("America/New_York"), translation.override("de"):
        assert (vienna, formats.clock(NOW)) == ("13:05", "07:05")


def test_a_span_in_words() -> None:
    with translation.override("en"):
        spans = [formats.span(timedelta(minutes=m)) for m in (38, 138, 60, 4000)]
    assert spans == ["38 min", "2 h 18 min", "1 h", "2 days"]


def test_a_name_cannot_turn_the_writing_round() -> None:
    """S26, P22.3."""
    assert formats.plain_name("invoice‮gnp.exe") == "invoicegnp.exe"


def test_a_signed_address_is_shown_without_its_token() -> None:
    assert str(formats.address("it+hr.37.f2g.43tmpcphxpm@x.example")) == "it+…@<wbr>x.example"


@pytest.mark.parametrize(
    ("name", "said"), [("Petra Lang", "PL"), ("printer@x.example", "PE"), ("", "?"), ("(IT)", "I")]
)
def test_a_face_has_two_letters(name: str, said: str) -> None:
    assert formats.initials(name) == said


def test_plain_text_becomes_paragraphs_with_its_links() -> None:
    shown = formats.paragraphs("One\ntwo <b>\n\nhttps://x.example/a?b=1&c=2.")
    assert str(shown).startswith('<p>One<br>two &lt;b&gt;</p><p><a href="https://x.example/a?b=1&amp;c=2"')
    assert str(shown).endswith("</a>.</p>")


# The templates themselves


def templates() -> list[Path]:
    return sorted(DOORS.glob("*/jinja2/**/*.html"))


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.stem)
def test_no_template_has_inline_style_or_script(path: Path) -> None:
    """The strict Content-Security-Policy would not run it."""
    text = path.read_text()
    assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:|<script(?![^>]*\bsrc=)", text)


def test_every_icon_exists() -> None:
    names = {name for path in templates() for name in re.findall(r'icon\("([a-z0-9-]+)"', path.read_text())}
    names |= set(re.findall(r'"[a-z_-]+": "([a-z0-9-]+)"', (DOORS / "portal" / "choices.py").read_text()))
    for name in names:
        assert "<svg" in icon(name)


def test_an_icon_is_silent_unless_it_stands_alone() -> None:
    """P43.1."""
    assert 'aria-hidden="true"' in icon("inbox")
    assert 'aria-label="Remove &lt;b&gt;"' in icon("x", "Remove <b>")


def test_the_german_catalogue_is_complete() -> None:
    """P44.1."""
    ran = subprocess.run([ROOT / "bin" / "messages", "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


# Headers


@pytest.mark.parametrize("address", ["/sign-in", "/nowhere", "/desk/mine"])
def test_every_page_carries_the_strict_policy(desk: Desk, address: str) -> None:
    answer = browser(desk, "anna").get(address)
    policy = answer["Content-Security-Policy"]
    for rule in ("default-src 'self'", "img-src 'self' data:", "frame-ancestors 'none'", "base-uri 'none'",
                 "form-action 'self'", "object-src 'none'"):  # fmt: skip
        assert rule in policy
    assert "unsafe" not in policy
    assert re.search(r"script-src 'self' 'nonce-[\w-]{20,}'", policy)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera" in answer["Permissions-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_only_pages_with_mail_allow_style_attributes(desk: Desk) -> None:
    ticket = desk.ticket("petra")
    page = browser(desk, "anna").get(f"/desk/tickets/{ticket.number}")
    assert "style-src 'self'; style-src-attr 'unsafe-inline'" in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"].count("unsafe") == 1


def test_a_foreign_host_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """S11: it is named (P18.1), and nothing on the page leads there."""
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["desk.lindner.example"])
    answer = client.get("/sign-in", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert not re.search(r'="[^"]*evil\.example', answer.text)


# Errors


def test_an_error_page_does_not_repeat_the_address(client: Client, db: None) -> None:
    """S26."""
    answer = client.get("/call-0800-123-to-win", HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 404
    assert "0800" not in answer.text
    assert "There is nothing here that you may see" in answer.text


def test_errors_speak_the_browsers_language(client: Client, db: None) -> None:
    answer = client.get("/nirgends", HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9,en;q=0.5")
    assert "Hier ist nichts, was Sie sehen dürfen" in answer.text
    assert '<html lang="de"' in answer.text


def test_a_fault_of_ours_gives_a_code_that_is_in_the_log(rf: RequestFactory, caplog: pytest.LogCaptureFixture) -> None:
    """P54.1."""
    answer = errors.server_error(rf.get("/desk/mine"))
    assert answer.status_code == 500
    code = re.search(r"code: ([0-9a-f]{8})", answer.content.decode())
    assert code
    assert code[1] in caplog.text


def test_a_wrong_public_url_is_named_with_both_values(client: Client, db: None) -> None:
    """P18.1."""
    strict = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    answer = strict.post(
        "/sign-in", {"address": "a"}, HTTP_HOST="helpdesk.example", HTTP_ORIGIN="https://helpdesk.example"
    )
    assert answer.status_code == 403
    assert settings.HAUSPOST.public_url.rstrip("/") in answer.text
    assert "https://helpdesk.example" in answer.text


# Signing in


@pytest.fixture
def petra(desk: Desk) -> Person:
    person = desk.person("petra")
    person.refresh_from_db()
    person.set_password("a good long one")
    person.save(update_fields=["password"])
    return person


def sign_in(client: Client, address: str, password: str, **more: str) -> tuple[int, str]:
    answer = client.post("/sign-in", {"address": address, "password": password, **more}, HTTP_ACCEPT_LANGUAGE="en")
    return answer.status_code, answer["Location"] if answer.status_code == 302 else words(answer.text)


def test_signing_in_leads_to_ones_work(client: Client, desk: Desk, petra: Person) -> None:
    assert sign_in(client, "Petra.Lang@lindner.example", "a good long one") == (302, "/")
    assert client.get("/")["Location"] == "/ask"
    assert browser(desk, "anna").get("/")["Location"] == "/desk/"


def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(client: Client, petra: Person) -> None:
    """S22."""
    known = sign_in(client, "petra.lang@lindner.example", "wrong")
    unknown = sign_in(client, "nobody@lindner.example", "wrong")
    assert known == unknown
    assert known[0] == 401


def test_guessing_is_slowed_down(client: Client, petra: Person) -> None:
    """S22."""
    for _try in range(10):
        sign_in(client, "petra.lang@lindner.example", "wrong")
    status, said = sign_in(client, "petra.lang@lindner.example", "a good long one")
    assert status == 429
    assert "15 minutes" in said


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_leads_to_no_foreign_page(client: Client, petra: Person, target: str) -> None:
    assert sign_in(client, "petra.lang@lindner.example", "a good long one", next=target) == (302, "/")


def test_signing_in_returns_to_the_wanted_page(client: Client, petra: Person) -> None:
    asked = client.get("/my-tickets?x=1")
    assert asked["Location"] == "/sign-in?next=/my-tickets%3Fx%3D1"
    assert (
        sign_in(client, "petra.lang@lindner.example", "a good long one", next="/my-tickets?x=1")[1] == "/my-tickets?x=1"
    )


def test_signing_out_needs_a_button(desk: Desk) -> None:
    """S23."""
    anna = browser(desk, "anna")
    assert anna.get("/sign-out").status_code == 405
    anna.post("/sign-out")
    assert anna.get("/desk/mine").status_code == 302


def test_the_first_administrator_comes_through_the_one_time_link(client: Client, db: None) -> None:
    """P17.4."""
    link = people.first_administrator_link()
    assert link is not None
    path = "/" + link.split("/", 3)[3]
    assert client.get(path, HTTP_ACCEPT_LANGUAGE="en").status_code == 200
    short = {"name": "Karim", "address": "karim@lindner.example", "password": "short", "again": "short"}
    assert client.post(path, short).status_code == 422
    assert client.post(path, {**short, "again": "other"}, HTTP_ACCEPT_LANGUAGE="en").status_code == 422
    good = {**short, "password": "long enough for it", "again": "long enough for it"}
    assert client.post(path, good)["Location"] == "/"
    assert Person.objects.get().is_administrator
    assert Client().get(path).status_code == 410


def test_a_wrong_first_link_says_so_politely(client: Client, db: None) -> None:
    """S12."""
    answer = client.get("/first/guessed", HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 410
    assert "Ask for a new one" in answer.text


# The look of this browser


def test_the_theme_and_the_keys_are_kept_in_the_browser(desk: Desk) -> None:
    anna = browser(desk, "anna")
    anna.post("/look", {"theme": "dark", "keys": "off", "next": "/desk/mine"})
    page = anna.get("/desk/mine").text
    assert 'data-theme="dark"' in page
    assert 'data-keys="off"' in page


def test_a_made_up_theme_is_ignored(desk: Desk) -> None:
    anna = browser(desk, "anna")
    anna.cookies["hauspost_theme"] = '"><script>'
    assert 'data-theme="auto"' in anna.get("/desk/mine").text


# Serving files


@pytest.mark.parametrize("name", ['a"b\r\nSet-Cookie: x=1.txt', "../../etc/passwd", "x‮gnp.exe", "  ", "ü" * 300])
def test_a_file_name_adds_no_header(name: str) -> None:
    """S20, P22.3."""
    header = serving.disposition("attachment", name)
    assert not re.search(r"[\r\n]", header)
    assert header.startswith('attachment; filename="')
    assert "/" not in header.split('"')[1]


@pytest.mark.parametrize(
    "content_type", ["image/svg+xml", "text/html", "application/javascript", "text/xml", "nonsense"]
)
def test_what_could_run_is_a_row_of_bytes(content_type: str) -> None:
    """S2."""
    from io import BytesIO

    answer = serving.serve_file(BytesIO(b"<svg onload=alert(1)>"), "x.svg", content_type, inline=True)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_only_a_true_picture_is_shown_in_place() -> None:
    """S2: a polyglot says it is a picture, its first bytes do not."""
    from io import BytesIO

    true = serving.serve_file(BytesIO(b"\x89PNG\r\n\x1a\n"), "x.png", "image/png", inline=True)
    false = serving.serve_file(BytesIO(b"<script>"), "x.png", "image/png", inline=True)
    assert true["Content-Disposition"].startswith("inline")
    assert false["Content-Disposition"].startswith("attachment")
