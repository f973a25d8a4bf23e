"""The mail room: what was set aside is seen, tried again, made a ticket or discarded, by those who run it."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from hauspost.duties.intake import actions as intake
from hauspost.duties.intake import ledger
from hauspost.duties.intake.models import Delivery
from hauspost.ground.files.actions import read_blob
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, person_of
from hauspost.ground.refusals import NotAllowed, NotFound, Refused
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets.models import Attachment, Ticket
from tests.desk import Desk

TOO_DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(80))
Verb = Callable[..., object]
VERBS: list[Verb] = [intake.retry, intake.discard, intake.make_ticket]


@pytest.fixture
def set_aside(desk: Desk) -> Delivery:
    """A mail beyond the bounds, in quarantine."""
    raw = b"From: petra.lang@lindner.example\nTo: it@lindner.example\nSubject: Deep\nMessage-ID: <deep@x>\n" + TOO_DEEP
    delivery = desk.receives(raw)
    assert delivery.disposition == "quarantine"
    return delivery


def test_what_was_set_aside_shows_sender_subject_and_reason(set_aside: Delivery) -> None:
    """P3.1: as far as readable."""
    assert (set_aside.sender, set_aside.subject) == ("petra.lang@lindner.example", "Deep")
    assert set_aside.because == "too_deep"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("who", "refusal"),
    [("petra", NotAllowed), ("anna", NotAllowed), ("lena", NotAllowed), ("wolfgang", NotAllowed), ("claire", NotFound)],
)
def test_only_who_runs_the_mailboxs_mail_room_touches_it(
    desk: Desk, set_aside: Delivery, verb: Verb, who: str, refusal: type[Refused]
) -> None:
    """P3.1: the team's dispatcher and lead; another team's find nothing."""
    with pytest.raises(refusal):
        verb(set_aside.id, actor=desk.actor(who))

    set_aside.refresh_from_db()
    assert set_aside.disposition == "quarantine"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["deniz", "sabine", "karim"])
def test_dispatchers_leads_and_administrators_may(desk: Desk, set_aside: Delivery, verb: Verb, who: str) -> None:
    verb(set_aside.id, actor=desk.actor(who))

    set_aside.refresh_from_db()
    assert set_aside.disposition != "quarantine"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["deniz", "claire", "karim"])
def test_a_confidential_teams_mail_is_nobody_elses(desk: Desk, verb: Verb, who: str) -> None:
    """P33.3, P11.1: not even an administrator handles or lists what was written to HR."""
    raw = b"From: petra.lang@lindner.example\nTo: personal@lindner.example\nSubject: Kanarie\n" + TOO_DEEP
    delivery = desk.receives(raw, to="hr")
    assert delivery.disposition == "quarantine"

    with pytest.raises(NotFound):
        verb(delivery.id, actor=desk.actor(who))
    assert ledger.one(delivery.id, actor=desk.actor(who)) is None
    assert delivery not in ledger.entries(actor=desk.actor(who), words="Kanarie")
    assert "quarantine" not in ledger.sums(actor=desk.actor(who))
    assert ledger.waiting_aside(desk.actor(who)) == 0


def test_somebody_without_a_mail_room_lists_nothing(desk: Desk, set_aside: Delivery) -> None:
    for who in ("petra", "anna", "lena", "wolfgang", "giulia"):
        assert ledger.entries(actor=desk.actor(who)) == []
        assert dict(ledger.sums(actor=desk.actor(who))) == {}


def test_trying_again_lets_the_mail_go_its_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P3.1: after the cause was mended."""
    with monkeypatch.context() as broken:
        broken.setattr(intake, "read_letter", lambda raw: 1 / 0)
        delivery = desk.receives(desk.letter("petra"))
    assert delivery.disposition == "quarantine"

    intake.retry(delivery.id, actor=desk.actor("deniz"))
    desk.works()

    delivery.refresh_from_db()
    assert delivery.disposition == "ticket"
    assert Ticket.objects.get().requester == desk.person("petra")
    assert delivery.tries == 2


def test_after_an_upgrade_the_whole_quarantine_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P3.4; what is still unreadable comes back to quarantine."""
    with monkeypatch.context() as broken:
        broken.setattr(intake, "read_letter", lambda raw: 1 / 0)
        for number in range(3):
            desk.receives(desk.letter("petra", subject=f"Mail {number}"))
    desk.receives(b"From: petra.lang@lindner.example\nSubject: Deep\n" + TOO_DEEP)

    assert intake.retry_all(actor=desk.actor("deniz")) == 4
    desk.works()

    assert dict(ledger.sums(actor=SYSTEM)) == {"ticket": 3, "quarantine": 1}


@pytest.mark.parametrize("who", ["petra", "anna"])
def test_only_a_mail_room_tries_all_again(desk: Desk, set_aside: Delivery, who: str) -> None:
    with pytest.raises(NotAllowed):
        intake.retry_all(actor=desk.actor(who))


@pytest.mark.parametrize("unreadable", [False, True])
def test_a_ticket_made_by_hand_has_the_raw_mail_attached(
    desk: Desk, set_aside: Delivery, monkeypatch: pytest.MonkeyPatch, unreadable: bool
) -> None:
    """P3.1: byte for byte, also where our reading raises; nobody gets an automatic answer."""
    if unreadable:
        monkeypatch.setattr(intake, "read_letter", lambda raw: 1 / 0)

    made = intake.make_ticket(set_aside.id, actor=desk.actor("deniz"))
    desk.works()

    file = Attachment.objects.select_related("blob").get(entry__ticket=made, name__endswith=".eml")
    assert file.blob is not None
    assert read_blob(file.blob.sha256) == intake.raw_of(set_aside)
    set_aside.refresh_from_db()
    assert (set_aside.disposition, set_aside.ticket) == ("ticket", made.number)
    assert desk.sent("acknowledgement") == []
    assert made.team == desk.team("it")


@pytest.mark.parametrize("verb", [intake.discard, intake.make_ticket])
def test_every_decision_is_recorded_with_its_person(desk: Desk, set_aside: Delivery, verb: Verb) -> None:
    verb(set_aside.id, actor=desk.actor("deniz"))

    set_aside.refresh_from_db()
    events = Event.objects.filter(stream__name__in=[f"delivery:{set_aside.id}", f"ticket:{set_aside.ticket}"])
    assert str(desk.person("deniz").uid) in {person_of(event) for event in events}


def test_what_was_discarded_stays_in_the_ledger_and_can_be_taken_up_again(desk: Desk, set_aside: Delivery) -> None:
    intake.discard(set_aside.id, actor=desk.actor("deniz"))
    assert dict(ledger.sums(actor=SYSTEM)) == {"discarded": 1}

    intake.make_ticket(set_aside.id, actor=desk.actor("deniz"))

    assert dict(ledger.sums(actor=SYSTEM)) == {"ticket": 1}


def test_what_became_a_ticket_is_not_set_aside_any_more(desk: Desk) -> None:
    """Nothing is filed twice by hand."""
    delivery = desk.receives(desk.letter("petra"))

    for verb in VERBS:
        with pytest.raises(NotFound):
            verb(delivery.id, actor=desk.actor("deniz"))
    assert Ticket.objects.count() == 1


def test_made_a_ticket_twice_at_once_it_is_one(desk: Desk, set_aside: Delivery) -> None:
    intake.make_ticket(set_aside.id, actor=desk.actor("deniz"))

    with pytest.raises(NotFound):
        intake.make_ticket(set_aside.id, actor=desk.actor("sabine"))


def test_what_was_refused_by_a_rule_names_it(desk: Desk) -> None:
    """P2.5."""
    for raw in (
        desk.letter("petra", headers={"Auto-Submitted": "auto-replied"}),
        desk.letter("x@elsewhere.example", headers={"X-Spam-Flag": "YES"}),
    ):
        delivery = desk.receives(raw)
        assert delivery.because
        event = Event.objects.get(stream__name=f"delivery:{delivery.id}")
        assert data_of(event)["because"] == delivery.because


def test_the_ledger_answers_what_happened_to_whose_mail_when(desk: Desk) -> None:
    """P2.3: "what happened to the mail from X on day Y?"."""
    desk.receives(desk.letter("petra", subject="Monday"))
    desk.receives(desk.letter("marta", subject="Also Monday"))
    with desk.later(days=1):
        desk.receives(desk.letter("petra", subject="Tuesday"))
    deniz = desk.actor("deniz")
    today = timezone.localdate()

    def subjects(**asked: object) -> list[str]:
        return [row.subject for row in ledger.entries(actor=deniz, **asked)]  # type: ignore[arg-type]

    assert subjects(sender=" Petra.Lang@lindner.example ") == ["Tuesday", "Monday"]
    assert subjects(sender="petra", on=today) == ["Monday"]
    assert subjects(on=today) == ["Also Monday", "Monday"]
    assert subjects(words="tuesday") == ["Tuesday"]
    assert subjects(disposition="ticket", sender="marta") == ["Also Monday"]
    assert subjects(sender="nobody") == []
    first, second = subjects(limit=1), ledger.entries(actor=deniz, limit=1)
    assert [row.subject for row in ledger.entries(actor=deniz, before=second[0].id)] == ["Also Monday", "Monday"]
    assert first == ["Tuesday"]
