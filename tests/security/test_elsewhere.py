"""What happens in tickets that somebody may not see changes nothing that they see (P11.1, P11.6, P33.3)."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import TestCase
from django.urls import reverse

from hauspost.ground import clock
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.actions import NewTicket
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.security.estate import BEFORE, COMMON, DESK, KINDS, MAY_KNOW, Estate, opened, plain, text_of

# A long walk: on one database, chosen by bin/test; the gates themselves are tried on all (tests/records).
pytestmark = pytest.mark.once

# Role -> in which team something happens that is not theirs to know, and who works on it there: where it can be a
# colleague of theirs, as if that one worked in two teams.
ELSEWHERE = {
    "stranger": ("it", "anna"),
    "requester": ("it", "anna"),
    "participant": ("it", "anna"),
    "proposed": ("it", "anna"),
    "department head": ("it", "anna"),
    "helper": ("it", "anna"),
    "agent": ("facilities", "jonas"),
    "two teams": ("hr", "anna"),
    "read-only": ("facilities", "jonas"),
    "agent of another team": ("it", "claire"),
    "HR agent": ("it", "anna"),
    "dispatcher": ("facilities", "anna"),
    "lead": ("hr", "anna"),
    "administrator": ("hr", "giulia"),
    "auditor": ("hr", "giulia"),
}
_LISTS = (
    "mine",
    "open",
    "waiting",
    "snoozed",
    "followed",
    "closed",
    "triage",
    "desk",
    "desk-menu",
    "new-ticket",
    "demo-mailbox",
)
_PARTS = ("", "?write=reply", "?part=side", "?change=assignee", "?change=links", "?list=open")


class TestElsewhere(TestCase):
    """The desk is built once for all; everything is undone at the end."""

    built: ClassVar[Estate]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cache.clear()
        cls.built = opened()
        cls.enterClassContext(clock.standing_at(clock.now()))
        logging.disable(logging.ERROR)
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cache.clear()

    def test_no_page_changes_with_what_is_none_of_its_readers_matter(self) -> None:
        """P11.1: no counter, neighbour, suggestion, order or example tells that there is another ticket."""
        faults = []
        for role, (team, agent) in ELSEWHERE.items():
            with undone():
                worker = self.built.desk.person(agent)
                before = pages(self.built, role)
                for number in ("second", "first"):
                    requester = Ticket.objects.get(number=self.built.tickets[number].number).requester
                    if role in ("requester", "department head"):
                        requester = Person.objects.get(id=self.built.desk.person("mira").id)
                    new = NewTicket(f"Elsewhere {COMMON}", requester, self.built.desk.team(team), "phone")
                    made = actions.open_ticket(new, Writing(text=f"Elsewhere {COMMON}"), actor=SYSTEM)
                    actions.catalogue(made.number, actor=SYSTEM, category=self.built.desk.company.categories["vpn"])
                    actions.note(made.number, Writing(text=f"Elsewhere {COMMON}"), actor=SYSTEM)
                    Ticket.objects.filter(number=made.number).update(assignee=Person.objects.get(id=worker.id))
                cache.clear()
                after = pages(self.built, role)
            for path, page in before.items():
                if after[path] != page:
                    faults.append(f"{role}: {path}: {_difference(page, after[path])}")
        assert not faults, "\n".join([f"{len(faults)} pages changed", *faults[:40]])

    def test_what_was_handed_over_is_seen_no_more(self) -> None:
        """P11.6, P33.3: neither the ticket nor the mail that came since, through any door of those who had it before."""
        estate = self.built
        handed, faults = estate.tickets["handed"], []
        since = {handed.canary(kind) for kind in KINDS - BEFORE}
        for role in ("agent", "read-only", "dispatcher", "lead", "two teams", "administrator", "auditor"):
            browser = estate.browsers[role]
            paths = [reverse(name, args=[handed.number]) for name in ("ticket", "sorting", "my-ticket")]
            paths += [reverse("search") + f"?q={COMMON}", reverse("ledger") + "?words=qx", reverse("ledger")]
            for delivery in handed.deliveries[1:]:
                paths += [reverse(name, args=[delivery]) for name in ("delivery", "delivery-file", "delivery-body")]
            for path in paths:
                text = text_of(browser.get(path)).lower()
                faults += [
                    f"{role}: {path} tells {word}" for word in sorted(since & set(re.findall(r"qx[a-z]+", text)))
                ]
        assert not faults, "\n".join(faults)

    def test_the_queue_of_outgoing_mail_names_only_tickets_its_reader_may_see(self) -> None:
        """P11.1, P33.3: the administrator tends the queue, and is no member of any team."""
        page = text_of(self.built.browsers["administrator"].get(reverse("outgoing")))
        assert "<table" in page, "mail waits in the queue"
        assert self.built.leaks("administrator", page, mailroom=True) == []

    def test_rights_that_were_taken_end_with_the_next_request(self) -> None:
        """P11.6: in a browser that stands open."""
        estate = self.built
        number = estate.tickets["first"].number
        browser = estate.browsers["agent"]
        page, noted = reverse("ticket", args=[number]), reverse("notes", args=[number])
        with undone():
            assert browser.get(page).status_code == 200
            actions.hand_to(number, estate.desk.team("hr"), actor=SYSTEM)
            assert [browser.get(page).status_code, browser.post(noted, {"text": "x"}).status_code] == [404, 404]


@contextmanager
def undone() -> Iterator[None]:
    """What happens in here did not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()


def pages(estate: Estate, role: str) -> dict[str, str]:
    """The pages that a role reads every day."""
    paths = [reverse(name) for name in ("my-tickets", "shared-tickets", "department-tickets", "portal", "me")]
    seen = [name for name in MAY_KNOW.get(role, {}) if name in estate.tickets]
    if role in DESK:
        paths += [reverse(name) for name in _LISTS]
        paths += [reverse("search") + f"?q={query}" for query in (COMMON, "elsewhere", "qx")]
        paths += [reverse("people") + "?q=pe"]
        paths += [reverse("team", args=[team]) for team in ("it", "facilities", "hr")]
        for name in seen:
            number = estate.tickets[name].number
            paths += [reverse("ticket", args=[number]) + part for part in (_PARTS if name == seen[0] else _PARTS[:1])]
            paths.append(reverse("sorting", args=[number]))
    if role in ("requester", "participant", "helper"):
        paths.append(reverse("my-ticket", args=[estate.tickets["first"].number]))
    browser = estate.browsers[role]
    return {path: plain(browser.get(path)) for path in paths}


def _difference(before: str, after: str) -> str:
    """The first words that differ."""
    at = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    return f"…{before[max(0, at - 60) : at + 30]!r} → {after[at : at + 30]!r}"
