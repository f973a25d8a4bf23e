"""The record: every change sealed; two attackers are found; a ticket's row is rebuilt from its events alone."""

from pathlib import Path

import pytest

from hauspost.ground import clock, tokens
from hauspost.ground.history import _chain
from hauspost.ground.history.models import Event, EventPart, Seal, Stream
from hauspost.ground.history.sealing import export, seal
from hauspost.ground.history.verification import Findings, verify
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(desk: Desk) -> Ticket:
    """A ticket with a life: opened by mail, catalogued, assigned, noted, answered with a file."""
    ticket = desk.ticket("petra", subject="Drucker druckt nicht")
    anna, deniz = desk.actor("anna"), desk.actor("deniz")
    tickets.catalogue(ticket, impact=3, urgency=3, type="incident", actor=deniz)
    tickets.assign(ticket, desk.person("anna"), actor=deniz)
    tickets.note(ticket, Writing(text="Gleiches Modell wie neulich."), actor=anna)
    file = NewFile("anleitung.txt", "text/plain", b"Klappe auf.")
    tickets.reply(ticket, Writing(text="Bitte die Klappe öffnen.", files=[file]), actor=anna)
    tickets.set_impact(ticket, people=6, percent=100, since=clock.now(), actor=anna)
    desk.works()
    return Ticket.objects.with_names().get(number=ticket.number)


def findings(**options: object) -> Findings:
    return verify(KEEPERS, **options)  # type: ignore[arg-type]


def words(found: Findings) -> str:
    return "\n".join(str(fault) for fault in found.faults)


def test_an_untouched_record_holds(busy: Ticket) -> None:
    found = findings()

    assert words(found) == ""
    assert found.events > 10
    assert found.parts > 10


def test_every_verb_leaves_a_row_that_its_events_alone_rebuild(desk: Desk, busy: Ticket) -> None:
    """Each field's value stands in the record; the row is only a copy."""
    anna, deniz = desk.actor("anna"), desk.actor("deniz")
    tickets.catalogue(
        busy,
        category=desk.company.categories["printer"],
        site=desk.company.sites["hamburg"],
        location=None,
        work_place="on_site",
        affected=desk.person("marta"),
        actor=deniz,
    )
    tickets.plan(busy, technician=desk.person("anna"), planned_at=clock.now(), actor=anna)
    tickets.snooze(busy, clock.now().replace(year=2099), actor=anna)
    tickets.wake(busy, actor=anna)
    tickets.change_subject(busy, "Etikettendrucker an Tor 3", actor=anna)
    tickets.change_requester(busy, desk.person("marta"), actor=anna)
    tickets.set_status(busy, status_of("resolved"), actor=anna)
    tickets.reopen(busy, actor=anna)
    tickets.set_status(busy, status_of("closed"), actor=anna)
    tickets.reopen(busy, actor=anna)
    tickets.hand_to(busy, desk.team("facilities"), actor=anna)
    desk.works()

    for ticket in Ticket.objects.with_names():
        assert rebuilt(ticket.stream) == row_of(ticket)
    assert words(findings()) == ""


def altered_message(ticket: Ticket) -> None:
    Entry.objects.filter(ticket=ticket, seq=1).update(text="Alles in Ordnung.")


def altered_html(ticket: Ticket) -> None:
    Entry.objects.filter(ticket=ticket, seq=1).update(html="<p>Alles in Ordnung.</p>")


def altered_author(ticket: Ticket) -> None:
    Entry.objects.filter(ticket=ticket, seq=1).update(author_name="Jemand anders")


def altered_event(ticket: Ticket) -> None:
    event = Event.objects.get(stream__name=ticket.stream, kind="ticket.catalogued")
    event.data = event.data.replace('"impact":3', '"impact":1')
    event.save()


def altered_subject(ticket: Ticket) -> None:
    EventPart.objects.filter(event__stream__name=ticket.stream, name="subject").update(content="Anderes")


def swapped_order(ticket: Ticket) -> None:
    second, third = Event.objects.filter(stream__name=ticket.stream).order_by("seq")[1:3]
    Event.objects.filter(id=second.id).update(seq=9_999)
    Event.objects.filter(id=third.id).update(seq=second.seq)
    Event.objects.filter(id=second.id).update(seq=third.seq)


def deleted_in_the_middle(ticket: Ticket) -> None:
    event = Event.objects.filter(stream__name=ticket.stream).order_by("seq")[2]
    _delete(event)


def deleted_at_the_end(ticket: Ticket) -> None:
    _delete(Event.objects.filter(stream__name=ticket.stream).order_by("-seq")[0])


def deleted_at_the_end_with_its_head_moved(ticket: Ticket) -> None:
    """Without the key the head's signature cannot be made."""
    _delete(Event.objects.filter(stream__name=ticket.stream).order_by("-seq")[0])
    last = Event.objects.filter(stream__name=ticket.stream).order_by("-seq")[0]
    Stream.objects.filter(name=ticket.stream).update(count=last.seq, head=last.digest)


def deleted_message(ticket: Ticket) -> None:
    entry = Entry.objects.get(ticket=ticket, kind="note")
    entry.delete()


def altered_file(ticket: Ticket) -> None:
    Attachment.objects.filter(entry__ticket=ticket).update(name="rechnung.txt")


def erased_without_saying_so(ticket: Ticket) -> None:
    EventPart.objects.filter(event__stream__name=ticket.stream, name="subject").update(content=None, salt=None)


def _delete(event: Event) -> None:
    from hauspost.ground.history.models import Pending

    Pending.objects.filter(event=event).delete()
    event.parts.all().delete()
    event.delete()


@pytest.mark.parametrize(
    "attack",
    [
        altered_message, altered_html, altered_author, altered_event, altered_subject, swapped_order,
        deleted_in_the_middle, deleted_at_the_end, deleted_at_the_end_with_its_head_moved, deleted_message,
        altered_file, erased_without_saying_so,
    ],
)  # fmt: skip
def test_an_attacker_without_the_key_is_found(busy: Ticket, attack: object) -> None:
    attack(busy)  # type: ignore[operator]

    found = findings()

    assert found.faults
    assert {fault.stream for fault in found.faults} == {busy.stream}


def test_a_stored_file_that_was_changed_on_disk_is_found(busy: Ticket) -> None:
    from hauspost.ground.files import actions as files

    attachment = Attachment.objects.select_related("blob").get(entry__ticket=busy)
    path = files.path_of(attachment.blob.sha256)
    path.chmod(0o600)
    right = path.read_bytes()
    path.write_bytes(b"Klappe zu!!")
    try:
        found = [(fault.sha256, fault.kind) for fault in files.verify()]
    finally:
        path.write_bytes(right)

    assert (attachment.blob.sha256, "changed") in found


def recompute_everything(ticket: Ticket) -> None:
    """The host's own administrator: has the key, rewrites a past event and every digest after it."""
    stream = Stream.objects.get(name=ticket.stream)
    previous = _chain.genesis(stream.name)
    for event in Event.objects.filter(stream=stream).order_by("seq"):
        event.data = event.data.replace('"impact":3', '"impact":1')
        event.digest = previous = _chain.event_digest(
            version=event.version,
            previous=previous,
            seq=event.seq,
            kind=event.kind,
            actor=event.actor,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
            data=event.data,
            parts=[(part.name, part.person_uid, bytes(part.digest)) for part in event.parts.order_by("position")],
        )
        event.save()
    key_id, mac = tokens.ring().mac("head", _chain.head_payload(stream.name, stream.count, previous), size=32)
    Stream.objects.filter(id=stream.id).update(head=previous, mac=mac, mac_key=key_id)


def test_an_attacker_with_the_key_is_found_by_the_seal(busy: Ticket, tmp_path: Path) -> None:
    seal(tmp_path)
    recompute_everything(busy)

    found = findings()

    assert "is not the event that seal 1 holds" in words(found)


def test_an_attacker_who_signs_new_seals_is_found_back_to_the_last_exported_one(busy: Ticket, tmp_path: Path) -> None:
    """Whoever has the key can make new seals; the exported one was kept elsewhere."""
    made = seal(tmp_path)
    assert made is not None
    exported = export(made, tmp_path)
    recompute_everything(busy)
    Seal.objects.all().delete()
    seal(tmp_path / "new")

    assert words(findings()) == ""
    found = findings(exported=[exported])
    assert f"{busy.stream}, event" in words(found)
    assert "exported seal seal-000001.json" in words(found)


def test_an_exported_seal_that_was_altered_says_so(busy: Ticket, tmp_path: Path) -> None:
    made = seal(tmp_path)
    assert made is not None
    exported = export(made, tmp_path)
    exported.write_text(exported.read_text().replace("ticket:", "ticke1:", 1))

    assert "the file itself was altered" in words(findings(exported=[exported]))


def test_seals_hold_only_what_moved_since_the_last_one(desk: Desk, busy: Ticket, tmp_path: Path) -> None:
    first = seal(tmp_path)
    assert first is not None
    assert seal(tmp_path) is None

    tickets.note(busy, Writing(text="Noch etwas."), actor=desk.actor("anna"))
    second = seal(tmp_path)

    assert second is not None
    assert [line.split()[0] for line in second.lines.splitlines()] == [busy.stream]
    assert words(findings()) == ""


def test_a_rebuilt_search_index_differs_in_nothing(desk: Desk) -> None:
    """P16.6: what the verbs indexed is what the tickets say; something lost is found and reported."""
    from hauspost.ground.search import actions as search
    from hauspost.records.tickets.indexing import documents

    ticket = desk.ticket("petra")
    tickets.note(ticket, Writing(text="Gleiches Modell wie neulich."), actor=desk.actor("anna"))
    tickets.change_subject(ticket, "Etikettendrucker", actor=desk.actor("anna"))
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("anna"))

    assert not search.rebuild(documents())
    search.forget(ticket.number)
    assert search.rebuild(documents()).absent == 2
