"""Run in a process of its own beside the tree: founds the company, tells what waits, and judges what became of all."""

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.crash.mails import FACILITIES, IT
from tests.mta.talking import answer

_TOKEN = re.compile(r"token-[\d.]+-end")
# Where the text of an accepted mail may end as an entry of a ticket.
_FILED = ("ticket", "answer", "flood")


def found(imap_port: int) -> None:
    """The company with its cast; with an IMAP server two of its mailboxes are fetched, one of them emptied thereby."""
    from django.core.management import call_command

    from tests.desk import Desk

    call_command("migrate", verbosity=0)
    Desk.opened()
    for address, afterwards in (IT, "seen"), (FACILITIES, "delete"):
        if imap_port:
            _fetch(address, imap_port, afterwards)


def _fetch(address: str, port: int, afterwards: str) -> None:
    from hauspost.duties.intake.folders import add_folder
    from hauspost.ground import clock
    from hauspost.ground.accounts.models import MailAccount
    from hauspost.ground.accounts.sealed import set_password
    from hauspost.records.people.actor import SYSTEM
    from hauspost.records.people.models import Mailbox
    from tests.crash.senders import AUTH_SERV_ID
    from tests.imap.dovecot import PASSWORD

    # It vouches for its people: of strangers only five hundred an hour are acknowledged (S10).
    told = {"imap_host": "127.0.0.1", "imap_port": port, "imap_security": "none", "auth_serv_id": AUTH_SERV_ID}
    account = MailAccount(name=address, user=address, created_at=clock.now(), **told)
    set_password(account, PASSWORD)
    account.save()
    box = Mailbox.objects.get(address__address=address)
    add_folder(box, account, "INBOX", actor=SYSTEM, takes="all", afterwards=afterwards)


def forget_the_dead() -> int:
    """A killed process has its folders for a minute more. Here that minute is over at once, so that more happens."""
    from hauspost.duties.intake.models import FetchedFolder
    from hauspost.ground import clock

    rows = FetchedFolder.objects.filter(leased_until__gt=clock.now())
    dead = [row.id for row in rows if not Path("/proc", row.leased_by.split(":")[1]).exists()]
    return FetchedFolder.objects.filter(id__in=dead).update(leased_until=clock.now()) if dead else 0


def waiting(by_imap: int) -> dict[str, int]:
    """What the tree has still to do now; what a killed worker had claimed waits for its lease and is not counted."""
    from hauspost.duties.intake.models import Delivery
    from hauspost.ground import clock
    from hauspost.ground.history.models import Pending
    from hauspost.ground.mail.models import OutgoingMail

    return {
        "to be fetched": by_imap - Delivery.objects.filter(via="imap").count(),
        "deliveries": Delivery.objects.filter(disposed_at__isnull=True).count(),
        "reactions": Pending.objects.filter(parked_at__isnull=True).count(),
        "mails": OutgoingMail.objects.due(clock.now()).count(),
    }


def drain(hours: int) -> int:
    """Later, when leases are over, the rest is sent; answers how much there was to do."""
    from django.db import connection

    from hauspost.doors.worker.loop import work_until_idle
    from hauspost.ground import clock

    clock._tell = lambda: datetime.now(UTC) + timedelta(hours=hours)
    done = work_until_idle()
    connection.close()
    return done


def judge(told: str) -> dict[str, Any]:
    """Compare what senders and receivers know (a file of JSON) with what the desk holds."""
    heard = json.loads(Path(told).read_text())
    figures: dict[str, Any] = {}
    faults: list[str] = []
    _deliveries(heard["accepted"], figures, faults)
    _texts(figures, faults)
    _letters(heard["arrived"], set(heard["silent"]), figures, faults)
    _rest(faults)
    return {"figures": figures, "faults": faults}


def _deliveries(accepted: list[list[str]], figures: dict[str, Any], faults: list[str]) -> None:
    """Every accepted mail has exactly one disposition for each recipient, and is filed once."""
    from hauspost.duties.intake.models import Delivery

    rows: dict[bytes, list[Delivery]] = {}
    for row in Delivery.objects.defer("raw").order_by("id"):
        if row.disposition == "waiting" or row.message_id_hash is None:
            faults.append(f"delivery {row.id} has no disposition: {row.disposition} {row.because} {row.detail}")
        else:
            rows.setdefault(bytes(row.message_id_hash), []).append(row)
    figures["dispositions"] = Counter(row.disposition for found in rows.values() for row in found)
    figures["quarantined"] = figures["dispositions"].get("quarantine", 0)
    figures["filed"] = lost = doubled = 0
    wanted_by: dict[str, set[str]] = {}
    for message_id, recipient in accepted:
        wanted_by.setdefault(message_id, set()).add(recipient)
    for message_id, wanted in wanted_by.items():
        found = rows.pop(hashlib.sha256(message_id.encode()).digest()[:16], [])
        missing = wanted - {row.recipient for row in found}
        filed = [row for row in found if row.disposition in _FILED]
        others = {row.disposition for row in found} - {*_FILED, "duplicate"}
        figures["filed"] += bool(filed)
        lost += bool(missing) or not filed
        doubled += len(filed) > 1
        if missing or len(filed) != 1 or others:
            ends = [(row.id, row.via, row.recipient, row.disposition, row.because, row.detail) for row in found]
            faults.append(f"{message_id} for {sorted(wanted)}: {ends}")
    faults += [f"nobody was told that mail {row.id} was kept" for found in rows.values() for row in found]
    figures["lost"], figures["doubled"] = lost, doubled


def _texts(figures: dict[str, Any], faults: list[str]) -> None:
    """Every ticket and message exists once: by the words in their texts, their deliveries and their events."""
    from hauspost.ground.history.models import Event
    from hauspost.records.tickets.models import Entry, Ticket

    entries = list(Entry.objects.values_list("text", "delivery", "message_id"))
    tokens = Counter(token for text, _, _ in entries for token in _TOKEN.findall(text))
    for name, counted in (
        ("text", tokens),
        ("delivery", Counter(delivery for _, delivery, _ in entries if delivery)),
        ("message", Counter(message_id for _, _, message_id in entries if message_id)),
    ):
        faults += [f"{name} {key} stands in {times} entries" for key, times in counted.items() if times > 1]
    if len(tokens) != figures["filed"]:
        faults.append(f"{len(tokens)} texts in entries, but {figures['filed']} mails filed")
    figures["tickets"], figures["entries"] = Ticket.objects.count(), len(entries)
    for kind in ("ticket.opened", "delivery.disposed"):
        streams = Counter(Event.objects.filter(kind=kind).values_list("stream__name", flat=True))
        faults += [f"{stream}: {kind} {times} times" for stream, times in streams.items() if times > 1]


def _letters(arrived: list[list[Any]], silent: set[str], figures: dict[str, Any], faults: list[str]) -> None:
    """Every acknowledgement was made once and sent once; twice only where nobody can know better, and then it says so.

    That is where a worker was killed while the answer was out, and where the receiver said nothing (`silent`).
    """
    from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
    from hauspost.records.tickets.models import Ticket

    wanted = set(Ticket.objects.filter(channel="mail").values_list("requester__uid", "intake_address"))
    made = Counter[tuple[str, str]]()
    address_of = dict(Ticket.objects.values_list("number", "intake_address"))
    for person, about in OutgoingMail.objects.filter(kind="acknowledgement").values_list("person_uid", "about"):
        made[person, address_of[about]] += 1
    for uid, address in wanted:
        if made[str(uid), address] != 1:
            faults.append(f"{made[str(uid), address]} acknowledgements to {uid} from {address}")
    came = {(message_id.strip("<>"), recipient): times for message_id, recipient, times in arrived}
    figures["sent twice"] = figures["acknowledged"] = 0
    for row in OutgoingRecipient.objects.select_related("mail"):
        times = came.pop((row.mail.message_id.strip("<>"), row.address), 0)
        if row.mail.kind == "acknowledgement":
            figures["acknowledged"] += times > 0
        figures["sent twice"] += times > 1
        most = (2 + (row.mail.message_id.strip("<>") in silent)) if row.mail.perhaps_twice else 1
        if not 1 <= times <= most:
            which = f"{row.mail.kind} {row.mail.id} about #{row.mail.about} to {row.address}"
            faults.append(f"{which} came {times} times; {row.state}, perhaps twice: {row.mail.perhaps_twice}")
        if row.state != "handed_over":
            faults.append(f"outgoing mail {row.mail.id} is {row.state}: {row.reply_text}")
    faults += [f"a mail came that nobody sent: {key}" for key in came]
    figures["marked perhaps twice"] = OutgoingMail.objects.filter(perhaps_twice=True).count()


def _rest(faults: list[str]) -> None:
    """Nothing waits, nothing is parked, what is stored can be read, and each ticket follows from its events."""
    from django.conf import settings
    from django.db import connection

    from hauspost.ground.files import actions as files
    from hauspost.ground.history.models import Pending
    from hauspost.records.tickets.models import Ticket
    from hauspost.records.tickets.rebuilding import rebuilt, row_of

    faults += [f"reaction {row.reaction} is parked: {row.fault}" for row in Pending.objects.all()]
    faults += [f"stored file: {fault}" for fault in files.verify()]
    faults += [f"left in the spool: {path.name}" for path in settings.HAUSPOST.spool.glob("*")]
    tickets = Ticket.objects.with_names().iterator(chunk_size=500)
    faults += [
        f"#{row.number} does not follow from its events" for row in tickets if rebuilt(row.stream) != row_of(row)
    ]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            faults += [f"SQLite: {line}" for (line,) in cursor.fetchall() if line != "ok"]


if __name__ == "__main__":
    answer(found, forget_the_dead, waiting, drain, judge)
