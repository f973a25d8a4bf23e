"""Agents and employees of the day in fast-forward: browsers without a screen, each with a session and a pace."""

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.measuring import SECRET

_TICKETS = re.compile(r'href="/desk/tickets/(\d+)[?"]')
_OWN = re.compile(r'href="/my-tickets/(\d+)"')
_SEEN = re.compile(r'name="seen_seq" value="(\d+)"')
_TO = re.compile(r'name="to" value="([^"]+)"')


@dataclass
class Log:
    """What everybody saw: milliseconds by kind of request, refusals, errors, and the texts that were accepted."""

    times: dict[str, list[float]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    accepted: int = 0
    behind: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float) -> None:
        with self.lock:
            self.times.setdefault(kind, []).append(seconds * 1000)

    def fault(self, words: str) -> None:
        with self.lock:
            self.errors[words[:160]] += 1


class Browser:
    """One person's browser; speaks to one web process."""

    def __init__(self, port: int, cookie: str, log: Log) -> None:
        self.port, self.cookie, self.log = port, cookie, log
        self.line: http.client.HTTPConnection | None = None
        self.used = 0.0

    def get(self, kind: str, path: str) -> str:
        """A page's text; "" when it is refused or fails, which the log then knows."""
        return self._ask(kind, "GET", path, "")

    def post(self, kind: str, path: str, fields: Mapping[str, str | list[str]]) -> bool:
        """Send a form; was it accepted?"""
        return self._ask(kind, "POST", path, urlencode(fields, doseq=True)) == "done"

    def _ask(self, kind: str, method: str, path: str, body: str) -> str:
        headers = {"Cookie": self.cookie, "Host": f"127.0.0.1:{self.port}"}
        if body or method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": SECRET}
        begun = time.perf_counter()
        try:
            if self.line is None or begun - self.used > 3:
                # What lay idle, the server may have closed.
                self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.line.request(method, path, body=body or None, headers=headers)
            answer = self.line.getresponse()
            text = answer.read().decode("utf-8", "replace")
            self.used = time.perf_counter()
        except (OSError, http.client.HTTPException) as fault:
            self.line = None
            self.log.fault(f"{kind}: {type(fault).__name__} {fault}")
            return ""
        self.log.note(kind, time.perf_counter() - begun)
        if answer.status == 200 and method == "GET":
            return text
        if answer.status in (302, 303) and method == "POST":
            return "done"
        if answer.status in (403, 404, 409, 422):
            # Somebody else was quicker, or handed the ticket on: refused in words, as it should be.
            with self.log.lock:
                self.log.refused[f"{kind}: {answer.status}"] += 1
        else:
            self.log.fault(f"{kind}: answered with {answer.status}")
        return ""


def agent(browser: Browser, number: int, until: float, chance: random.Random) -> None:
    """An agent's day: look at a list, open a ticket, do something about it, again and again."""
    turn = 0
    while time.monotonic() < until:
        turn += 1
        listed = browser.get("list", chance.choice(("/desk/open", "/desk/mine", "/desk/open", "/desk/waiting")))
        tickets = list(dict.fromkeys(_TICKETS.findall(listed)))
        if chance.random() < 0.2:
            browser.get(
                "search", "/desk/search?" + urlencode({"q": chance.choice(("drucker", "netzwerk", "rechnung"))})
            )
        if not tickets:
            time.sleep(0.5)
            continue
        here = f"/desk/tickets/{chance.choice(tickets)}"
        _handle(browser, here, f"agent-{number}-{turn}-load", chance)
        time.sleep(chance.uniform(0, 4))


def _handle(browser: Browser, here: str, token: str, chance: random.Random) -> None:
    what = chance.choices(("reply", "note", "assign", "status", "read"), (35, 20, 15, 15, 15))[0]
    write = f"?write={what}" if what in ("reply", "note") else ""
    page = browser.get("ticket", here + write)
    if not page:
        return
    text = f"Wir kümmern uns darum. {token}"
    if what == "reply":
        fields = {"text": text, "to": _TO.findall(page), "seen_seq": (_SEEN.findall(page) or ["0"])[0]}
        if fields["to"] and browser.post("reply", f"{here}/replies", fields):
            browser.log.texts.append(token)
    elif what == "note" and browser.post("note", f"{here}/notes", {"text": text}):
        browser.log.texts.append(token)
    elif what == "assign":
        browser.post("assign", f"{here}/assignee", {"assignee": "", "knowing": "1"})
    elif what == "status":
        browser.post("status", f"{here}/status", {"status": chance.choice(("open", "resolved")), "knowing": "1"})


def employee(browser: Browser, number: int, turn: int, chance: random.Random) -> None:
    """What an employee does once in a while: look at the own tickets, answer in one, or ask for something new."""
    own = _OWN.findall(browser.get("my tickets", "/my-tickets"))
    token = f"employee-{number}-{turn}-load"
    if own and chance.random() < 0.6:
        here = f"/my-tickets/{chance.choice(own)}"
        answers = browser.get("my ticket", here) and chance.random() < 0.5
        if answers and browser.post("my answer", f"{here}/answers", {"text": f"Noch etwas dazu. {token}"}):
            browser.log.texts.append(token)
    elif browser.get("ask", "/ask"):
        asked = {
            "about": "other",
            "subject": f"Bitte um Hilfe {number}",
            "text": f"Es geht nicht. {token}",
            "works": "yes",
        }
        if browser.post("request", "/ask", asked):
            browser.log.texts.append(token)


def on_time(events: list[tuple[float, Callable[[], None]]], begun: float, log: Log) -> None:
    """Do each thing at its second since the beginning, or at once when that has passed."""
    for at, do in events:
        left = begun + at - time.monotonic()
        if left > 0:
            time.sleep(left)
        else:
            log.behind = max(log.behind, -left)
        do()


def as_json(log: Log) -> str:
    """What the check needs to know."""
    return json.dumps({"accepted": log.accepted, "texts": log.texts})
