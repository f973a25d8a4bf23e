"""Measures pages inside the process, through the whole WSGI application with a session: CPU, wall time and queries."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from itertools import cycle
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.core.cache import cache
from django.db import connection
from django.db.models import Max
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext

from bench.company import read
from bench.measuring import SECRET, Clock, Figure
from bench.texts import COMMON_WORD, RARE_WORDS
from hauspost.records.people.models import Address, Person
from hauspost.records.tickets.models import Entry, Ticket

_BACKEND = "hauspost.records.people.login.AddressBackend"


@dataclass(frozen=True)
class Answer:
    """What a request got."""

    status: int
    body: bytes


class Visitor:
    """Somebody signed in, whose requests go through the application as a server would pass them on."""

    def __init__(self, person: Person) -> None:
        from hauspost.project.wsgi import application

        self._application = application
        self._host = urlsplit(settings.HAUSPOST.public_url).netloc
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={_session_of(person)}; csrftoken={SECRET}"

    def get(self, path: str, *, is_part: bool = False) -> Answer:
        """GET a page, or a part of one as htmx asks for it. Raises AssertionError for anything but 200."""
        found = self._ask("GET", path, b"", {"HTTP_HX_REQUEST": "true"} if is_part else {})
        assert found.status == 200, (path, found.status)
        return found

    def post(self, path: str, **fields: str) -> Answer:
        """POST a form. Raises AssertionError unless it is answered by the way to another page."""
        found = self._ask("POST", path, urlencode(fields).encode(), {"HTTP_X_CSRFTOKEN": SECRET})
        assert found.status == 302, (path, found.status, found.body[:2000])
        return found

    def _ask(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = address.partition("?")
        host, _, port = self._host.partition(":")
        status: list[int] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": host,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": self._host,
            "HTTP_COOKIE": self.cookie,
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **headers,
        }
        parts = self._application(environ, lambda line, _headers, *_: status.append(int(line.split()[0])))
        try:
            return Answer(status[0], b"".join(parts))
        finally:
            getattr(parts, "close", lambda: None)()


def _session_of(person: Person) -> str:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    login(request, person, backend=_BACKEND)
    request.session.save()
    return str(request.session.session_key)


def some_tickets(number: int) -> list[int]:
    """Ordinary tickets of every age, evenly spread."""
    last = Ticket.objects.aggregate(last=Max("number"))["last"] or 0
    return list(range(max(1, last // number), last + 1, max(1, last // number)))[:number]


def measure(times: int = 60) -> list[Figure]:
    """Every page for an agent of two teams and for somebody in forty."""
    company = read()
    agent, everywhere = Bench(company.agent, times), Bench(company.dispatcher, times)
    return [*agent.figures(""), *everywhere.figures(", 40 teams")]


class Bench:
    """The pages of one person."""

    def __init__(self, person: Person, times: int) -> None:
        self._person, self._times, self._visitor = person, times, Visitor(person)

    def figures(self, who: str) -> Iterator[Figure]:
        """One figure a page, as far as this person has such pages."""
        get, part = self._visitor.get, partial(self._visitor.get, is_part=True)
        pages: list[tuple[str, Callable[[str], object], Sequence[str]]] = [
            ("list", get, ["/desk/open"]),
            ("list, its counters anew", self._anew, ["/desk/open"]),
            ("list, closed", get, ["/desk/closed"]),
            ("ticket with 10 entries", get, self._long_tickets),
            ("ticket with 3 entries", get, self._short_tickets),
            ("ticket beside its list", get, [f"{path}?list=open" for path in self._long_tickets]),
            ("triage", get, self._new_tickets),
            ("search, rare word", get, [f"/desk/search?q={word}" for word in RARE_WORDS]),
            ("search, common word", get, [f"/desk/search?q={COMMON_WORD}"]),
            ("search, two words", get, [f"/desk/search?q={COMMON_WORD}+papierstau"]),
            ("part: further rows", part, self._further),
            ("part: a card's form", part, [f"{path}?change=status&part=side" for path in self._long_tickets]),
            ("part: the composer", part, [f"{path}?write=reply&part=composer" for path in self._long_tickets]),
            ("reply", self._reply, self._open_tickets),
        ]
        for name, do, paths in pages:
            if paths:
                yield self._figure(f"{name}{who}", do, paths)

    def _figure(self, name: str, do: Callable[[str], object], paths: Sequence[str]) -> Figure:
        turn, clock = cycle(paths), Clock.fresh()
        for _ in range(5):
            do(next(turn))
        for _ in range(self._times):
            clock.time(partial(do, next(turn)))
        with CaptureQueriesContext(connection) as captured:
            do(next(turn))
        begins = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
        asked = [query for query in captured.captured_queries if not query["sql"].startswith(begins)]
        return clock.figure(name, queries=len(asked))

    def _anew(self, path: str) -> None:
        cache.clear()
        self._visitor.get(path)

    def _reply(self, path: str) -> None:
        to, seen = self._answerable[path]
        text = "Guten Tag,\n\nder Drucker ist wieder bereit.\n\nViele Grüße"
        self._visitor.post(f"{path}/replies", text=text, to=to, offered=to, seen_seq=str(seen))
        self._answerable[path] = to, seen + 1

    @cached_property
    def _answerable(self) -> dict[str, tuple[str, int]]:
        """By path: the requester's address, and the last entry, both looked up before the clock runs."""
        numbers = [int(path.rsplit("/", 1)[1]) for path in self._open_tickets]
        tickets = Ticket.objects.filter(number__in=numbers).values_list("number", "requester_id")
        asked = {number: (who, seen) for number, who, seen in tickets.annotate(Max("entries__seq"))}
        rows = Address.objects.filter(person__in=[who for who, _ in asked.values()], is_main=True)
        addresses = dict(rows.values_list("person_id", "address"))
        return {f"/desk/tickets/{number}": (addresses[who], seen) for number, (who, seen) in asked.items()}

    @cached_property
    def _mine(self) -> list[int]:
        return list(self._person.memberships.values_list("team_id", flat=True))

    @cached_property
    def _long_tickets(self) -> list[str]:
        ten = Entry.objects.filter(seq=10, ticket__team_id__in=self._mine).order_by("-ticket_id")
        return _paths(ten.values_list("ticket_id", flat=True)[:30])

    @cached_property
    def _short_tickets(self) -> list[str]:
        tickets = Ticket.objects.filter(team_id__in=self._mine).order_by("-number")
        return _paths(tickets.values_list("number", flat=True)[:30])

    @cached_property
    def _new_tickets(self) -> list[str]:
        tickets = Ticket.objects.filter(team_id__in=self._mine).to_sort()
        return [f"/desk/triage/{number}" for number in tickets.values_list("number", flat=True)[:20]]

    @cached_property
    def _open_tickets(self) -> list[str]:
        tickets = Ticket.objects.filter(team_id__in=self._mine, assignee__isnull=False).open().order_by("-number")
        return _paths(tickets.values_list("number", flat=True)[:50])

    @cached_property
    def _further(self) -> list[str]:
        from hauspost.doors.desk.rows import newest_first

        page = newest_first(Ticket.objects.filter(team_id__in=self._mine).open())
        return [f"/desk/open?before={page.after}" if page.after else "/desk/open"]


def _paths(numbers: Iterable[int]) -> list[str]:
    return [f"/desk/tickets/{number}" for number in numbers]
