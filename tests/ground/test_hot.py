"""Statements kept hot answer and write what plain Django would, on both databases."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from hauspost.ground import clock, hot
from hauspost.ground.history.models import Event, Pending, Stream
from hauspost.records.people.models import Address, Mailbox, Person

pytestmark = pytest.mark.django_db

_PERSON = hot.Question(lambda uid: Person.objects.filter(uid=uid))
_MAILBOXES = hot.Question(lambda: Mailbox.objects.order_by("id").select_related("address", "team"))
_NAMES = hot.Question(lambda: Person.objects.order_by("id").values_list("name", flat=True))
_ADDRESSES = hot.Question(
    lambda person: Address.objects.filter(person=person).order_by("id").values_list("address", "is_main", "created_at")
)
_SINCE = hot.Question(lambda since: Person.objects.filter(created_at__gte=since).values_list("id", flat=True))
_STREAM = hot.Question(lambda name: Stream.objects.filter(name=name))
_LOCKED = hot.Question(lambda name: Stream.objects.select_for_update().filter(name=name))
_BY_HEAD = hot.Question(lambda head: Stream.objects.filter(head=head).values_list("name", flat=True))


def _stream(name):
    return Stream(name=name, count=1, head=b"\0\xff" * 16, mac=b"m" * 32, mac_key="abc")


def test_a_question_answers_like_the_query_it_stands_for(desk):
    for _turn in range(2):
        for person in Person.objects.all():
            found = _PERSON.first(person.uid)
            assert found == person
            assert {name: value for name, value in vars(found).items() if name != "_state"} == {
                name: value for name, value in vars(person).items() if name != "_state"
            }
            rows = Address.objects.filter(person=person).order_by("id")
            assert _ADDRESSES.all(person) == list(rows.values_list("address", "is_main", "created_at"))
        assert _NAMES.all() == list(Person.objects.order_by("id").values_list("name", flat=True))


def test_what_a_question_joins_needs_no_further_query(desk):
    found = _MAILBOXES.all()
    with CaptureQueriesContext(connection) as asked:
        told = [(box.address.address, box.team.key, box.archived_at) for box in found]
    assert told
    assert not asked.captured_queries
    assert told == [(box.address.address, box.team.key, box.archived_at) for box in Mailbox.objects.order_by("id")]


def test_moments_and_bytes_are_compared_as_the_database_keeps_them(desk):
    hot.put(_stream("setting:a"))
    assert _BY_HEAD.all(b"\0\xff" * 16) == ["setting:a"]
    youngest = Person.objects.order_by("-created_at").values_list("created_at", flat=True)[0]
    assert set(_SINCE.all(youngest)) == set(Person.objects.filter(created_at=youngest).values_list("id", flat=True))
    assert not _SINCE.is_true(youngest + timedelta(microseconds=1))


def test_an_open_place_takes_one_value_of_a_known_kind(desk):
    for wrong in (None, [1], (1, 2), {1}, 1.5):
        with pytest.raises(TypeError):
            _PERSON.first(wrong)


def test_an_inserted_row_is_read_back_alike_and_knows_its_number(desk):
    stream = _stream("setting:a")
    hot.put(stream)
    moment = clock.now()
    event = Event(
        stream=stream,
        seq=1,
        version=1,
        kind="x",
        actor="{}",
        occurred_at=moment,
        recorded_at=moment,
        data="ü",
        digest=b"d",
    )
    hot.put(event)
    hot.put_all([Pending(event=event, stream=stream, reaction=name, depth=2) for name in ("a", "b")])
    read = Event.objects.select_related("stream").get(id=event.id)
    assert (read.occurred_at, read.data, bytes(read.digest)) == (moment, "ü", b"d")
    assert (read.stream.name, bytes(read.stream.head)) == ("setting:a", b"\0\xff" * 16)
    assert list(Pending.objects.order_by("id").values_list("reaction", "depth", "not_before", "fault")) == [
        ("a", 2, None, ""),
        ("b", 2, None, ""),
    ]
    # Django takes it for a row that is there.
    event.kind = "y"
    event.save()
    assert Event.objects.filter(stream=stream).count() == 1


def test_a_change_writes_the_named_fields_only_and_tells_when_the_row_is_gone(desk):
    hot.put(_stream("setting:a"))
    stream = Stream.objects.get(name="setting:a")
    stream.count, stream.head, stream.mac_key = 2, b"new", "xyz"
    hot.change(stream, ("count", "head"))
    read = _STREAM.first("setting:a")
    assert (read.count, bytes(read.head), read.mac_key) == (2, b"new", "abc")
    Stream.objects.filter(name="setting:a").delete()
    with pytest.raises(DatabaseError):
        hot.change(stream, ("count", "head"))


def test_rows_are_locked_in_a_transaction_or_not_at_all(desk, transactional_db):
    if connection.vendor == "postgresql":
        with pytest.raises(TransactionManagementError):
            _LOCKED.first("setting:a")
    with transaction.atomic():
        assert _LOCKED.first("setting:a") is None
        with CaptureQueriesContext(connection) as asked:
            _LOCKED.first("setting:a")
        assert ("FOR UPDATE" in asked.captured_queries[0]["sql"]) == (connection.vendor == "postgresql")
