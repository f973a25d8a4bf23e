"""What happens in the processes that are killed: mail comes in over SMTP, an agent replies, the worker does the rest."""

import asyncio
import os
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection

from hauspost.doors.listeners import run as listeners
from hauspost.doors.worker.loop import work_once
from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices.models import Notice
from hauspost.ground import clock
from hauspost.ground.files import actions as files
from hauspost.ground.history.models import Pending
from hauspost.ground.history.verification import verify
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from hauspost.records.tickets.writing import Writing
from tests import world
from tests.desk import Desk
from tests.kill.points import Points

FIRST = "first@mail.example"
IDLE_LOOKS = 3


def found() -> None:
    """The company, with two tickets: one that its requester adds to, one that an agent answers."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    desk = Desk.opened()
    desk.receives(desk.letter("petra", subject="Drucker", message_id=FIRST), work=False)
    desk.receives(desk.letter("yusuf", subject="Monitor"), work=False)
    while work_once():
        pass


def mails() -> list[bytes]:
    """A small mail, one with a file too big for its row, and an answer to the first ticket."""
    address = next(team.address for team in world.TEAMS if team.key == "it")
    made = []
    for number, (sender, subject, answers) in enumerate(
        [(world.MARTA, "Scanner", ""), (world.MIRA, "Black screen", ""), (world.PETRA, "Re: Drucker", FIRST)]
    ):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender.address, address, subject
        mail["Message-ID"] = f"<kill-{number}@mail.example>"
        mail["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
        if answers:
            mail["In-Reply-To"] = f"<{answers}>"
        mail.set_content(f"Text of {subject}.")
        if number == 1:
            mail.add_attachment(bytes(range(256)) * 400, maintype="application", subtype="x-dump", filename="dump.bin")
        made.append(mail.as_bytes())
    return made


def shift_clock(hours: int) -> None:
    """After a restart some time has passed, so that what a killed worker had claimed is free again."""
    clock._tell = lambda: datetime.now(UTC) + timedelta(hours=hours)


def listen(ready: int, go: int) -> None:
    """Take mail in until told to go on."""
    opened = threading.Event()

    def serve() -> None:
        asyncio.run(_serve(ready, go))
        opened.set()

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()


async def _serve(ready: int, go: int) -> None:
    house = listeners._house(settings.HAUSPOST)
    doors = await listeners.open_doors(settings.HAUSPOST, house)
    os.write(ready, b"r")
    await asyncio.to_thread(os.read, go, 1)
    await listeners.close(doors, house)


def work(acts: bool) -> None:
    """An agent replies once; then everything that follows is done."""
    if acts:
        _reply_once()
    idle = 0
    while idle < IDLE_LOOKS:
        idle = 0 if work_once() else idle + 1
    close_old_connections()


def _reply_once() -> None:
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor, Proof

    ticket = Ticket.objects.get(subject="Monitor")
    if not Entry.objects.filter(ticket=ticket, kind="reply").exists():
        anna = Actor(who=person_by(world.ANNA.address), proof=Proof.SESSION)
        tickets.reply(ticket, Writing(text="Klappe auf, Klappe zu."), actor=anna)


def state() -> dict[str, Any]:
    """Everything that must be the same as without a kill, without times and numbers."""
    shown = {
        "tickets": sorted(
            [row.subject, row.requester.name, row.state, row.awaits_reply, _entries(row)]
            for row in Ticket.objects.with_names()
        ),
        "outgoing": sorted(
            [mail.kind, _subject(mail.about), sorted(one.address for one in mail.recipients.all()), mail.state]
            for mail in OutgoingMail.objects.all()
        ),
        "notices": sorted([row.person.name, row.kind, row.ticket.subject] for row in Notice.objects.all()),
        "deliveries": sorted(
            [row.disposition, row.because, row.detail, row.subject, row.ticket is not None]
            for row in Delivery.objects.exclude(disposition="duplicate")
        ),
        "pending": Pending.objects.count(),
        "faults": [str(fault) for fault in verify(KEEPERS).faults] + [str(fault) for fault in files.verify()],
        "crooked": [row.number for row in Ticket.objects.with_names() if rebuilt(row.stream) != row_of(row)],
    }
    connection.close()
    return shown


def doubtful() -> list[str]:
    """The mails that are marked as perhaps sent twice."""
    return list(OutgoingMail.objects.filter(perhaps_twice=True).values_list("message_id", flat=True))


def _entries(ticket: Ticket) -> list[list[object]]:
    return sorted(
        [entry.kind, entry.is_public, entry.text.strip(), [file.size_bytes for file in entry.attachments.all()]]
        for entry in ticket.entries.all()
    )


def _subject(number: int) -> str:
    return str(Ticket.objects.filter(number=number).values_list("subject", flat=True).first() or "")


def play(points: Points, part: str, acts: bool, ready: int, go: int) -> None:
    """One process's part: "all" listens first and then works; "listen" and "work" do one of them."""
    if part in ("all", "listen"):
        listen(ready, go)
    else:
        os.write(ready, b"r")
        os.read(go, 1)
    if part in ("all", "work"):
        work(acts)
