"""A real browser over a running server: Debian's Chromium, somebody of the cast signed in, no error in its console."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "locale": "de-DE", "has_touch": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", "locale": "en-GB"}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    # As root Chromium refuses to start with its sandbox.
    return browser_type_launch_args | {"executable_path": path, "chromium_sandbox": os.geteuid() != 0}


class Visitor:
    """Somebody at a browser; collects what the console complains about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base, self.complaints, self.requests = page, base, [], []
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        page.on("request", lambda request: self.requests.append(request.url))

    def opens(self, path: str) -> Page:
        """Go to a page and wait until it is quiet."""
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def barriers(self) -> list[str]:
        """What stands in somebody's way: WCAG 2.2 AA, as far as axe can tell (P43.1)."""
        # At the end of the page nothing lies under the bars that stick to the bottom.
        self.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
        found = Axe().run(self.page, options=rules).response["violations"]
        return [
            f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in found
            for node in one["nodes"]
        ]

    def too_wide(self) -> list[str]:
        """What is wider than the screen, if the page can be moved sideways (P42.1)."""
        return list(
            self.page.evaluate(
                "document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]"
                ".filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, .sr, dialog')"
                " && e.checkVisibility()).map(e => 'too wide: ' + e.outerHTML.slice(0, 120)).slice(0, 3)"
            )
        )


@pytest.fixture
def visit(lasting_desk: Desk, live_server: LiveServer, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """visit("anna", PHONE): a browser in which she is signed in; "" for nobody. No complaint may be left at the end."""
    visitors: list[Visitor] = []

    def visiting(name: str = "", device: dict[str, Any] | None = None, **more: Any) -> Visitor:
        device = device or DESKTOP
        context = browser.new_context(**{**device, **more})
        if name:
            person = lasting_desk.person(name)
            person.refresh_from_db()
            person.language = str(device["locale"])[:2]
            person.save(update_fields=["language"])
            session = SessionStore()
            session[SESSION_KEY] = str(person.pk)
            session[BACKEND_SESSION_KEY] = "hauspost.records.people.login.AddressBackend"
            session[HASH_SESSION_KEY] = person.get_session_auth_hash()
            session.save()
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": live_server.url}
            context.add_cookies([cookie])
        visitor = Visitor(context.new_page(), live_server.url)
        visitors.append(visitor)
        return visitor

    yield visiting
    complaints = [words for visitor in visitors for words in visitor.complaints]
    for visitor in visitors:
        visitor.page.context.close()
    assert not complaints


@pytest.fixture
def busy_desk(lasting_desk: Desk) -> Desk:
    """A desk with a bit of everything: new, assigned, planned, waiting, done; notes, files, a held mail, a link."""
    desk = lasting_desk
    anna = desk.actor("anna")
    printer = desk.ticket(
        "petra",
        subject="Etikettendrucker druckt nur leere Etiketten",
        text="Guten Morgen,\n\nnur leere Etiketten an Tor 3.",
    )
    actions.assign(printer, desk.person("anna"), actor=anna)
    actions.catalogue(printer, actor=anna, impact=3, urgency=3)
    actions.note(
        printer,
        Writing(text="Gleiches Modell wie beim letzten Mal.", files=[NewFile("farbband.txt", "text/plain", b"x")]),
        actor=anna,
    )
    actions.reply(printer, Writing(text="Öffnen Sie bitte die Klappe: https://handbuch.example/klappe"), actor=anna)
    actions.set_impact(printer, actor=anna, people=6, percent=100)
    actions.tag(printer, "tor-3", actor=anna)
    actions.add_participant(printer, desk.person("marta"), actor=anna)
    held = Writing(text="Ich auch!", channel="mail", author_address="ines@elsewhere.example")
    actions.add_answer(printer, held, author=desk.person("ines"), actor=anna, held_because="unconfirmed")
    other = desk.ticket("ines", subject="VPN trennt alle zehn Minuten")
    actions.link(printer, other, "related", actor=anna)
    solved = desk.ticket("petra", subject="Scanner 07 lädt nicht mehr")
    actions.set_status(solved, status_of("resolved"), actor=anna)
    for place in range(3):
        desk.ticket(
            "mira", subject=f"Screen stays black after docking, attempt number {place} with a rather long subject line"
        )
    return desk


@pytest.fixture
def printer(busy_desk: Desk) -> Ticket:
    return Ticket.objects.get(subject__startswith="Etikettendrucker")
