"""People and places from a file, through the pages."""

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hauspost.ground.history.models import Event
from hauspost.records.people import actions
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Person
from hauspost.records.places.models import Location
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words
from tests.doors.settings_forms import SETTINGS, again, path

pytestmark = pytest.mark.django_db


@pytest.fixture
def karim(desk: Desk) -> Client:
    return administrator(desk)


# Importing and exporting.

CSV = (
    "Personalnummer;Name;E-Mail;Abteilung;Standort;Telefon;Bemerkung\r\n"
    "P-1;Petra Lang;petra.lang@lindner.example;Einkauf;Köln, Zentrale;4444;x\r\n"
    "P-2;Noor de Vries;noor.devries@lindner.example;Forschung;Wien, Büro;77;y\r\n"
    "P-3;Nobody;no address;Lager;;;z\r\n"
).encode()


def uploaded(client: Client, content: bytes = CSV, subject: str = "people") -> str:
    file = SimpleUploadedFile("people.csv", content, "text/csv")
    answer = client.post(f"{SETTINGS}/import", {"subject": subject, "file": file})
    assert answer.status_code == 302, words(answer.text)
    return str(answer["Location"])


def test_an_import_shows_what_would_happen_and_does_it_only_then(karim: Client, desk: Desk) -> None:
    place = uploaded(karim)
    page = karim.get(place).text
    shown = words(page)
    assert Person.objects.filter(external_key__isnull=False).count() == 0
    for said in (
        "Noor de Vries",
        "4417 → 4444",
        "Warehouse → ",
        "New departments: Forschung",
        "line 4",
        "not read: Bemerkung",
    ):
        assert said in shown, said
    assert re.search(r"\d would be created", shown) and not re.search(r"\d created", shown)
    answer = karim.post(place, everything(page), follow=True)
    assert "created" in words(answer.text)
    petra = again(desk, "petra")
    assert (petra.external_key, petra.phone) == ("P-1", "4444")
    assert Person.objects.get(external_key="P-2").name == "Noor de Vries"
    assert "by an import" in words(karim.get(path(desk, "petra", "history")).text)
    # Once more, and nothing is left to do.
    assert "Nothing to do" in words(karim.get(uploaded(karim)).text)


def test_what_was_rejected_is_still_told_when_the_rest_was_done(karim: Client) -> None:
    """Whoever mends the file finds each row with its reason; nothing claims that all was done."""
    place = uploaded(karim)
    done = words(karim.post(place, everything(karim.get(place).text), follow=True).text)
    assert "1 rejected" in done and "All of it was done" not in done
    assert "these rows were left alone 1 Nobody line 4 no address is not a mail address." in done


def everything(page: str) -> dict[str, Any]:
    """What the form at the end of the preview sends."""
    form = re.search(r'<form class="form" method="post"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form is not None
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[1]):
        sent.setdefault(html.unescape(name), []).append(html.unescape(value))
    return sent


def test_what_was_not_shown_is_not_done(karim: Client, desk: Desk) -> None:
    place = uploaded(karim)
    sent = everything(karim.get(place).text)
    actions.change_person(desk.person("petra"), phone="5555", actor=SYSTEM)
    answer = karim.post(place, sent)
    assert answer.status_code == 409
    assert "Something has changed since the preview" in words(answer.text)
    assert not Person.objects.filter(external_key="P-2").exists()


def test_columns_are_mapped_by_hand_where_they_are_not_recognised(karim: Client) -> None:
    place = uploaded(karim, b"Kennung;Wer;Post\r\nP-9;Noor de Vries;noor@lindner.example\r\n")
    chosen_columns = {"column": ["Kennung", "Wer", "Post"], "field": ["external_key", "name", "address"]}
    page = karim.get(place, chosen_columns).text
    assert "Noor de Vries" in words(page)
    karim.post(place, everything(page))
    assert Person.objects.get(external_key="P-9").name == "Noor de Vries"


def test_many_who_would_leave_need_a_consent(karim: Client, desk: Desk) -> None:
    """P25.3."""
    karim.post(place := uploaded(karim), everything(karim.get(place).text))
    only_one = b"Personalnummer;Name;E-Mail\r\nP-2;Noor de Vries;noor.devries@lindner.example\r\n"
    place = uploaded(karim, only_one)
    page = karim.get(place, {"archive_missing": "1"}).text
    assert "Petra Lang" in words(page)
    sent = everything(page)
    assert karim.post(place, sent).status_code == 409
    assert again(desk, "petra").is_active
    karim.post(place, sent | {"confirmed": "1"})
    assert not again(desk, "petra").is_active


def test_who_leaves_by_a_file_is_listed_with_the_work_to_hand_over(karim: Client, desk: Desk) -> None:
    """P25.5: the import ends the ways in; the tickets are not forgotten."""
    anna = desk.person("anna")
    actions.change_person(anna, external_key="P-7", actor=SYSTEM)
    tickets.assign(desk.ticket("petra"), anna, actor=desk.actor("deniz"))
    place = uploaded(karim, b"Personalnummer;Name\r\nP-1;Petra Lang\r\n")
    sent = everything(karim.get(place, {"archive_missing": "1"}).text)

    page = karim.post(place, sent | {"confirmed": "1"}, follow=True).text

    assert not again(desk, "anna").is_active
    assert "Open work to hand over" in words(page) and "1 open ticket" in words(page)
    work = path(desk, "anna", "deactivation")
    assert work in page
    karim.post(work, {"to": str(desk.person("jonas").uid)})
    assert Ticket.objects.get().assignee == desk.person("jonas")


def test_places_come_from_a_file_too(karim: Client) -> None:
    content = "Standort;Gebäude;Raum\r\nGraz;Haus A;Zimmer 1\r\n".encode()
    karim.post(place := uploaded(karim, content, "places"), everything(karim.get(place).text))
    room = Location.objects.get(site__key="graz", kind="room")
    assert (room.name, room.parent and room.parent.name) == ("Zimmer 1", "Haus A")


@pytest.mark.parametrize("content", [b"\r\n", b"\x00\x01\x02", b"Name;Name\r\nx;y\r\n", b'Name\r\n"open'])
def test_a_file_that_is_no_table_is_refused_in_words(karim: Client, content: bytes) -> None:
    page = karim.get(uploaded(karim, content)).text
    assert 'class="said bad"' in page or "Nothing to do" in words(page)
    assert ">Do it</button>" not in page


def test_a_table_that_is_too_large_is_refused(karim: Client) -> None:
    file = SimpleUploadedFile("x.csv", b"Name\n" + b"x" * 10_000_000, "text/csv")
    answer = karim.post(f"{SETTINGS}/import", {"subject": "people", "file": file})
    assert answer.status_code == 413
    assert "larger than 10 MB" in words(answer.text)


def test_an_upload_belongs_to_the_session_that_brought_it(karim: Client, desk: Desk) -> None:
    """S6."""
    place = uploaded(karim)
    actions.change_person(desk.person("yusuf"), is_administrator=True, actor=SYSTEM)
    assert browser(desk, "yusuf").get(place).status_code == 404
    assert karim.post(f"{SETTINGS}/import", {"subject": "people"}).status_code == 422


def test_people_and_places_are_taken_out_and_that_is_recorded(karim: Client) -> None:
    answer = karim.post(f"{SETTINGS}/export/people")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "Petra Lang" in text
    assert answer["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert Event.objects.filter(kind="people.exported").count() == 1
    answer = karim.post(f"{SETTINGS}/export/places", {"empty": "1"})
    assert len(b"".join(answer.streaming_content).splitlines()) == 1  # type: ignore[attr-defined]
    assert karim.post(f"{SETTINGS}/export/tickets").status_code == 404
