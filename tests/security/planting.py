"""Tickets with canaries: words, names, numbers and file names that nobody may meet who may not see their ticket."""

from dataclasses import dataclass, field
from email.message import EmailMessage

from django.db import connection
from django.utils import timezone

from hauspost.duties.intake import folders
from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices.actions import mark_read
from hauspost.duties.privacy import holds, retention
from hauspost.ground.history.models import Pending
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox, Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16


@dataclass
class Planted:
    """One ticket, and which of its words stand where."""

    key: str
    ticket: Ticket
    delivery: Delivery
    # What the first mail carries: its subject, text, sender's name, file name.
    mail_words: list[str]
    # What everybody reads who sees the ticket at all: subject and number.
    head_words: list[str]
    # Only the desk: notes, their files, tags, held mails.
    desk_words: list[str]
    # Public, and written after somebody joined.
    late_words: list[str] = field(default_factory=list)
    note: Entry | None = None

    @property
    def number(self) -> int:
        return self.ticket.number

    @property
    def request(self) -> Entry:
        return self.ticket.entries.get(seq=1)

    def files(self) -> dict[str, int]:
        """The ids of its files, by the kind of the entry they belong to."""
        rows = Attachment.objects.filter(entry__ticket=self.ticket).values_list("entry__kind", "id")
        return dict(rows)

    def all_words(self) -> set[str]:
        return {*self.mail_words, *self.head_words, *self.desk_words, *self.late_words}


@dataclass
class Field:
    """Everything planted."""

    desk: Desk
    tickets: dict[str, Planted]
    ghost: Person
    head: Person
    parked: int
    # A rule of retention for everything, and a legal hold.
    rule: int
    hold: int
    # A mail server that nobody answers at, a folder of it and an alias: of the mailbox of IT.
    server: int
    folder: int
    alias: int

    def __getitem__(self, key: str) -> Planted:
        return self.tickets[key]

    def all_words(self) -> set[str]:
        return {word for one in self.tickets.values() for word in one.all_words()}


def next_number(number: int) -> None:
    """Let the next ticket have this number: one that stands nowhere else on a page."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER SEQUENCE tickets_ticket_number_seq RESTART WITH {number}")
            return
        cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = 'tickets_ticket'", [number - 1])
        if not cursor.rowcount:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('tickets_ticket', %s)", [number - 1])


def plant() -> Field:
    """Tickets in IT, Facilities and confidential HR, whose people overlap as much as they can."""
    desk = Desk.opened()
    anna, pawel, giulia = desk.actor("anna"), desk.actor("pawel"), desk.actor("giulia")
    found = {
        "it": _ticket(desk, "it", 7100001, "petra.lang@lindner.example", cc="ines.hofer@lindner.example"),
        # Petra's own ticket in HR: whoever sees her ticket in IT learns nothing of this one.
        "hr": _ticket(desk, "hr", 7200001, "petra.lang@lindner.example"),
        "hr_stranger": _ticket(desk, "hr", 7200005, "canaryperson@elsewhere.example"),
        "hr_third": _ticket(desk, "hr", 7200009, "yusuf.demir@lindner.example"),
        # An agent's own ticket in a team that is not hers (P11.5).
        "facilities": _ticket(desk, "facilities", 7300001, "anna.weiss@lindner.example"),
        "facilities_other": _ticket(desk, "facilities", 7300005, "yusuf.demir@lindner.example"),
        # Came to IT, which follows what it hands on.
        "passed": _ticket(desk, "it", 7300009, "passer@elsewhere.example"),
        # Opened by an administrator with emergency access.
        "hr_opened": _ticket(desk, "hr", 7300029, "yusuf.demir@lindner.example"),
    }
    actions.hand_to(found["passed"].ticket, desk.team("facilities"), actor=SYSTEM)
    actions.open_emergency_access(7300029, "The payroll run depends on it.", actor=desk.actor("karim"))
    for key, agent in (("it", anna), ("hr", giulia), ("facilities", pawel), ("passed", pawel), ("hr_opened", giulia)):
        _work_on(found[key], agent)
    # Marta joins late: what stood there before is not hers.
    actions.add_participant(found["it"].ticket, desk.person("marta"), actor=anna, from_now=True)
    late = "canarylateit"
    actions.reply(found["it"].ticket, Writing(text=f"We have seen {late}"), actor=anna)
    found["it"].late_words.append(late)
    held = Writing(
        text="canaryheldit", channel="mail", author_address="x@elsewhere.example", author_name="canaryheldnameit"
    )
    actions.add_answer(found["it"].ticket, held, author=None, actor=anna, held_because="verification")
    found["it"].desk_words += ["canaryheldit", "canaryheldnameit"]
    actions.link(found["it"].ticket, found["hr"].ticket, "related", actor=SYSTEM)
    actions.link(found["facilities"].ticket, found["it"].ticket, "blocks", actor=SYSTEM)
    # The reply may no longer be undone.
    with desk.later(minutes=5):
        desk.works()
    Entry.objects.filter(leaves_at__isnull=False).update(leaves_at=timezone.now())
    ghost = people.add_person("Former Agent", "former@lindner.example", actor=SYSTEM, verified=True)
    people.give_role(ghost, desk.team("it"), "agent", actor=SYSTEM)
    head = people.add_person(
        "Head Warehouse", "head@lindner.example", actor=SYSTEM, department=desk.person("petra").department
    )
    Person.objects.filter(id=head.id).update(sees_department=True)
    people.add_integration("Monitoring", actor=SYSTEM)
    server, folder, alias = _mail_settings(desk)
    desk.works()
    for one in found.values():
        one.ticket = Ticket.objects.with_names().get(number=one.number)
    mark_read(desk.person("giulia"), 7300029)
    karim = desk.actor("karim")
    rule = retention.add_rule(team=None, type="", months=1, what="delete", actor=karim)
    hold = holds.place(found["it"].ticket, "Court", actor=karim)
    return Field(desk, found, ghost, head, _park(found["hr"].ticket), rule.id, hold.id, server, folder, alias)


def _mail_settings(desk: Desk) -> tuple[int, int, int]:
    box = Mailbox.objects.get(address__address=desk.address("it"))
    account = people.add_mail_account(
        name="Provider", imap_host="127.0.0.1", imap_port=1, user="it", sign_in="oauth", client_id="x",
        client_secret="canarysecret", authorise_url="https://login.x.example/a", token_url="https://login.x.example/t",
        scopes="x", actor=SYSTEM,
    )  # fmt: skip
    folder = folders.add_folder(box, account, "INBOX", actor=SYSTEM)
    return account.pk, folder.pk, people.add_alias(box, "edv@lindner.example", actor=SYSTEM).pk


def _ticket(desk: Desk, team: str, number: int, sender: str, cc: str = "") -> Planted:
    next_number(number)
    mark = f"{team}{number % 1000}"
    words = {name: f"canary{name}{mark}" for name in ("subject", "text", "name", "file")}
    mail = EmailMessage()
    mail["From"] = f'"{words["name"]}" <{sender}>'
    mail["To"] = desk.address(team)
    if cc:
        mail["Cc"] = cc
    mail["Subject"] = f"About {words['subject']}"
    mail["Message-ID"] = f"<canary-{mark}@mail.example>"
    mail.set_content(f"Something about {words['text']}.")
    mail.add_attachment(PNG, "image", "png", filename=f"{words['file']}.png")
    delivery = desk.receives(mail.as_bytes(), to=team)
    assert delivery.ticket == number, (delivery.disposition, delivery.because, delivery.detail, delivery.ticket)
    in_mail = [words["text"], words["name"], words["file"]]
    if "canaryperson" in sender:
        in_mail.append("canaryperson@elsewhere")
    return Planted(mark, Ticket.objects.get(number=number), delivery, in_mail, [words["subject"], str(number)], [])


def _work_on(planted: Planted, agent: object) -> None:
    words = [f"canary{name}{planted.key}" for name in ("note", "notefile", "tag")]
    note = Writing(text=f"Between us: {words[0]}", files=[NewFile(f"{words[1]}.txt", "text/plain", b"canarycontent")])
    planted.note = actions.note(planted.ticket, note, actor=agent)
    actions.tag(planted.ticket, words[2], actor=agent)
    planted.desk_words += words


def _park(ticket: Ticket) -> int:
    """A reaction on this ticket that failed for good."""
    from hauspost.ground.history.models import Event

    event = Event.objects.filter(stream__name=ticket.stream).first()
    assert event is not None
    row = Pending.objects.create(
        event=event, stream=event.stream, reaction="acknowledge", tries=3, parked_at=timezone.now(), fault="OSError: x"
    )
    return row.id
