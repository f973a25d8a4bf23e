"""A desk with tickets in three teams, marked so that every word of them is known again wherever it should not be."""

import html
import re
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.utils import make_msgid

from django.http.response import HttpResponseBase
from django.test import Client

from hauspost.ground import clock
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Attachment, Entry, Participant, Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

BACKEND = "hauspost.records.people.login.AddressBackend"
_WORD = re.compile(r"qx[a-z]+")
_NUMBER = re.compile(r"(?<!&)#(\d{1,9})\b|(?:tickets|triage)/(\d{1,9})\b")
# In every text of every ticket: what a search finds wherever it may look.
COMMON = "zimtstern"

# Role -> who plays it. "anonymous", "deactivated" and "department head" are made below.
CAST = {
    "stranger": "mira",
    "requester": "petra",
    "participant": "marta",
    "proposed": "ines",
    "helper": "yusuf",
    "agent": "anna",
    "two teams": "jonas",
    "read-only": "lena",
    "agent of another team": "pawel",
    "HR agent": "giulia",
    "dispatcher": "deniz",
    "lead": "sabine",
    "administrator": "karim",
    "auditor": "wolfgang",
}

INTERNAL = frozenset({"note", "notefile", "held", "undone", "pending", "tag"})
EARLY = frozenset({"request", "file"})
BY_MAIL = frozenset({"subject", "request", "file", "answer", "answerfile", "held", "person"})
KINDS = frozenset({"subject", "person", "reply", "replyfile", "answer", "answerfile"}) | INTERNAL | EARLY
EVERYTHING, PUBLIC, NOTHING = KINDS, KINDS - INTERNAL, frozenset[str]()

_IT = ("first", "second")
# What each role may learn of each ticket through desk and portal; what is not named here, nothing.
MAY_KNOW: dict[str, dict[str, frozenset[str]]] = {
    "requester": {"first": PUBLIC, "opened": PUBLIC},
    "department head": {"first": PUBLIC},
    "participant": {"first": PUBLIC - EARLY},
    "helper": {"first": EVERYTHING},
    # "passed" came to IT and is Facilities' now: IT goes on reading it.
    "agent": dict.fromkeys((*_IT, "passed"), EVERYTHING),
    "two teams": dict.fromkeys((*_IT, "house", "passed"), EVERYTHING),
    "read-only": dict.fromkeys((*_IT, "passed"), EVERYTHING),
    "agent of another team": dict.fromkeys(("house", "passed"), EVERYTHING),
    "HR agent": dict.fromkeys(("staff", "handed", "opened"), EVERYTHING),
    "dispatcher": dict.fromkeys((*_IT, "passed"), EVERYTHING),
    "lead": dict.fromkeys((*_IT, "passed"), EVERYTHING),
    # Emergency access to one ticket of HR; that it was used, and for which, auditors hear.
    "administrator": {"opened": EVERYTHING},
    "auditor": dict.fromkeys((*_IT, "house", "passed"), EVERYTHING) | {"opened": NOTHING},
}
# Beyond that, what the mail room shows of the mails themselves. "handed" came to IT's own address before it was handed.
BEFORE = frozenset({"subject", "request", "file", "person"})
MAILROOM_KNOWS: dict[str, dict[str, frozenset[str]]] = {
    "dispatcher": {"handed": BEFORE},
    "lead": {"handed": BEFORE},
    "administrator": dict.fromkeys((*_IT, "house", "passed"), BY_MAIL) | {"handed": BEFORE},
}
DESK = frozenset(CAST) - {"stranger", "requester", "participant", "proposed"}


@dataclass
class Marked:
    """One ticket whose every word is a canary."""

    name: str
    number: int
    entries: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    deliveries: list[int] = field(default_factory=list)

    def canary(self, kind: str) -> str:
        return f"qx{self.name}{kind}"


@dataclass
class Estate:
    """The tickets, and a browser for every role."""

    desk: Desk
    tickets: dict[str, Marked]
    browsers: dict[str, Client]

    def may_know(self, role: str, *, mailroom: bool = False) -> dict[str, frozenset[str]]:
        """By ticket, the kinds of words that may stand on a page for this role."""
        known = MAY_KNOW.get(role, {})
        more = MAILROOM_KNOWS.get(role, {}) if mailroom else {}
        return {name: known.get(name, NOTHING) | more.get(name, NOTHING) for name in self.tickets}

    def leaks(self, role: str, page: str, *, mailroom: bool = False) -> list[str]:
        """The canaries and numbers on a page that this role must not see there."""
        low = page.lower()
        words, numbers = set(_WORD.findall(low)), {int(one) for pair in _NUMBER.findall(low) for one in pair if one}
        found = []
        for name, known in self.may_know(role, mailroom=mailroom).items():
            ticket = self.tickets[name]
            found += [ticket.canary(kind) for kind in sorted(KINDS - known) if ticket.canary(kind) in words]
            if name not in MAY_KNOW.get(role, {}) and ticket.number in numbers:
                found.append(f"the number of {name}")
        return found


def opened() -> Estate:
    """Build it: through the verbs and by real mail, two hours ago."""
    desk = Desk.opened()
    now = clock.now()
    with clock.standing_at(now - timedelta(hours=2)):
        tickets = {
            "first": _ticket(desk, "first", "it", desk.person("petra"), agent="anna"),
            "second": _ticket(desk, "second", "it", _somebody("second"), agent="jonas"),
            "house": _ticket(desk, "house", "facilities", _somebody("house"), agent="pawel"),
            "staff": _ticket(desk, "staff", "hr", _somebody("staff"), agent="giulia"),
            "handed": _ticket(desk, "handed", "it", _somebody("handed"), agent="giulia", to="hr"),
            "passed": _ticket(desk, "passed", "it", _somebody("passed"), agent="pawel", to="facilities"),
            "opened": _ticket(desk, "opened", "hr", desk.person("petra"), agent="giulia"),
        }
        first = Ticket.objects.get(number=tickets["first"].number)
        _let_in(desk, first)
        for name in ("first", "second"):
            actions.catalogue(tickets[name].number, actor=SYSTEM, category=desk.company.categories["network"])
        # Whoever sees only one end of a link learns nothing of the other.
        for other in ("staff", "second", "house"):
            actions.link(first, tickets[other].number, "related", actor=SYSTEM)
    browsers = _browsers(desk)
    with clock.standing_at(now):
        actions.open_emergency_access(
            tickets["opened"].number, "The payroll run depends on it.", actor=desk.actor(CAST["administrator"])
        )
        agents = ("anna", "jonas", "pawel", "giulia", "giulia", "pawel", "giulia")
        for marked, agent in zip(tickets.values(), agents, strict=True):
            # Still within the time to undo when the walk begins.
            entry = actions.reply(marked.number, _words(marked, "pending"), actor=desk.actor(agent))
            marked.entries["pending"] = entry.id
    return Estate(desk, tickets, browsers)


def _somebody(name: str) -> Person:
    return people.add_person(f"Qx{name}person", f"{name}@lindner.example", actor=SYSTEM, verified=True)


def _words(ticket: Marked, kind: str, file: str = "") -> Writing:
    files = [NewFile(f"{ticket.canary(file)}.txt", "text/plain", ticket.canary(file).encode())] if file else []
    return Writing(text=f"{ticket.canary(kind)} {COMMON}", files=files)


def _letter(desk: Desk, ticket: Marked, sender: str, to: str, kind: str, file: str, answers: str = "") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = ("Re: " if answers else "") + ticket.canary("subject")
    mail["Message-ID"] = make_msgid(domain="mail.example")
    if not answers:
        proposed = desk.address(CAST["proposed"]) + ", " if ticket.name == "first" else ""
        mail["Cc"] = f"{proposed}{ticket.name}@elsewhere.example"
    else:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(f"{ticket.canary(kind)} {COMMON}")
    if file:
        mail.add_attachment(
            ticket.canary(file).encode(), "application", "x-thing", filename=ticket.canary(file) + ".bin"
        )
    return mail.as_bytes()


def _ticket(desk: Desk, name: str, team: str, requester: Person, *, agent: str, to: str = "") -> Marked:
    marked = Marked(name, 0)
    sender = requester.addresses.get(is_main=True).address
    acted = desk.actor(agent)
    address = desk.address(team)
    got = desk.receives(_letter(desk, marked, sender, address, "request", "file"), to=team, mail_from=sender)
    assert got.ticket is not None, (got.disposition, got.because, got.detail)
    marked.number = got.ticket
    marked.deliveries.append(got.id)
    entry = Entry.objects.get(ticket=marked.number, seq=1)
    marked.entries["request"], marked.files["file"] = entry.id, entry.attachments.get().id
    if to:
        actions.hand_to(marked.number, desk.team(to), actor=SYSTEM)
        desk.works()
    noted = actions.note(marked.number, _words(marked, "note", "notefile"), actor=acted)
    marked.entries["note"], marked.files["notefile"] = noted.id, noted.attachments.get().id
    replied = actions.reply(marked.number, _words(marked, "reply", "replyfile"), actor=acted)
    marked.entries["reply"], marked.files["replyfile"] = replied.id, replied.attachments.get().id
    actions.tag(marked.number, marked.canary("tag"), actor=SYSTEM)
    desk.works()
    replied.refresh_from_db()
    answers = f"<{replied.message_id.strip('<>')}>"
    for kind, by, file in (("answer", sender, "answerfile"), ("held", f"{name}@elsewhere.example", "")):
        # Whoever merely stood in Cc is heard by the desk, but by nobody else yet (S8).
        letter = _letter(desk, marked, by, address, kind, file, answers)
        got = desk.receives(letter, to=team, mail_from=by)
        assert got.ticket == marked.number, (got.disposition, got.because, got.detail)
        entry = Entry.objects.filter(delivery=got.id).get()
        marked.entries[kind] = entry.id
        marked.deliveries.append(got.id)
    assert Entry.objects.get(id=marked.entries["answer"]).is_public
    assert not Entry.objects.get(id=marked.entries["held"]).is_public
    marked.files["answerfile"] = Attachment.objects.get(entry=marked.entries["answer"]).id
    undone = actions.reply(marked.number, _words(marked, "undone"), actor=acted)
    actions.take_back(undone, actor=acted)
    marked.entries["undone"] = undone.id
    return marked


def _let_in(desk: Desk, ticket: Ticket) -> None:
    """Somebody who reads from the reply on, somebody who is only proposed, somebody who helps."""
    actions.add_participant(ticket, desk.person("marta"), actor=SYSTEM)
    Participant.objects.filter(ticket=ticket, person=desk.person("marta")).update(since_seq=3)
    assert not Participant.objects.get(ticket=ticket, person=desk.person("ines")).is_confirmed
    actions.add_participant(ticket, desk.person("yusuf"), actor=SYSTEM, role="helper")


def _browsers(desk: Desk) -> dict[str, Client]:
    browsers = {"anonymous": Client()}
    people.add_person("Weg Gegangen", "weg.gegangen@lindner.example", actor=SYSTEM, verified=True)
    leaver = people.known_person("weg.gegangen@lindner.example")
    assert leaver is not None
    people.give_role(leaver, desk.team("it"), "lead", actor=SYSTEM)
    head = people.add_person(
        "Abteilungs Leitung", "leitung@lindner.example", actor=SYSTEM, department=desk.person("petra").department
    )
    Person.objects.filter(id=head.id).update(sees_department=True)
    made = {"deactivated": leaver.id, "department head": head.id}
    for role in (*CAST, *made):
        person = Person.objects.get(id=desk.person(CAST[role]).id if role in CAST else made[role])
        person.language = "en"
        person.save(update_fields=["language"])
        browsers[role] = Client()
        browsers[role].force_login(person, backend=BACKEND)
    people.deactivate(Person.objects.get(id=leaver.id), actor=SYSTEM)
    return browsers


def text_of(answer: HttpResponseBase) -> str:
    """Everything an answer says: its body, and the headers that could name something."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    named = " ".join(answer.headers.get(name, "") for name in ("Location", "Content-Disposition", "HX-Redirect"))
    return html.unescape(body.decode("utf-8", "replace")) + "\n" + named


def plain(answer: HttpResponseBase, *paths: str) -> str:
    """An answer without what differs every time: nonce, form token, and the address that was asked."""
    text = f"{answer.status_code} {text_of(answer)}"
    text = re.sub(r'nonce="[^"]*"', "", text)
    text = re.sub(r'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": ?)"[^"]*"', "", text)
    text = re.sub(r"(with this code|for the log): \w+", "", text)
    for path in paths:
        text = text.replace(path, "PATH")
    return text
