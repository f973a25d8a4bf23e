"""People and places from tables: planned, carried out, the same again, and back into a file."""

import csv
import io
from collections.abc import Iterator

import pytest

from hauspost.duties.importers import people_csv, places_csv
from hauspost.duties.importers.plan import Done, Plan
from hauspost.duties.importers.refusals import NeedsConsent, Unreadable, WrongColumns
from hauspost.duties.importers.table import read_table
from hauspost.ground.history.models import Event
from hauspost.ground.history.verification import verify
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Address, Department, Person
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site, Workplace
from hauspost.records.tickets.keepers import KEEPERS
from tests.desk import Desk

HEAD = "Personalnummer;Vorname;Name;E-Mail;Abteilung;Kostenstelle;Vorgesetzter;Standort;Raum;Sprache;Telefon"
ROWS = (
    "1;Ada;Lovelace;ada@firma.example;Entwicklung;4711;;Köln;204;Deutsch;+49 221 1",
    "2;Grace;Hopper;grace@firma.example;Entwicklung;4711;1;Köln;205;en;",
    "3;Alan;Turing;;Versand;4712;grace@firma.example;;;;",
)


def file(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


def bring(*rows: str, head: str = HEAD, confirmed: bool = False, **options: object) -> tuple[Plan, Done]:
    plan = people_csv.plan_people(file(*rows, head=head), **options)  # type: ignore[arg-type]
    return plan, people_csv.carry_out(plan, actor=SYSTEM, confirmed=confirmed)


def person(key: str) -> Person:
    return Person.objects.select_related("department", "line_manager").get(external_key=key)


def told(plan: Plan) -> dict[str, tuple[str, str]]:
    """The changes of a plan that changes one person."""
    [one] = plan.changed
    return {change.field: (change.before, change.after) for change in one.changes}


def test_a_file_brings_people_departments_and_places(desk: Desk) -> None:
    """Managers may come later in the file, by number or address; the department takes its people's cost centre."""
    plan, done = bring(*ROWS)

    assert (done.created, done.changed, done.faults, plan.rejected, plan.noted) == (3, 0, (), (), ())
    ada, grace, alan = person("1"), person("2"), person("3")
    assert (ada.name, ada.language, ada.phone, ada.cost_centre) == ("Ada Lovelace", "de", "+49 221 1", "")
    assert (grace.line_manager, alan.line_manager) == (ada, grace)
    assert ada.department is not None and (ada.department.name, ada.department.cost_centre) == ("Entwicklung", "4711")
    assert plan.new_departments == ("Entwicklung", "Versand")
    assert Workplace.objects.get(person=ada).location == Location.objects.get(words__en="204")
    assert people.known_person("grace@firma.example") == grace
    assert not alan.addresses.exists()
    assert verify(KEEPERS).faults == []


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    bring(*ROWS)
    events = Event.objects.count()

    plan, done = bring(*ROWS)

    assert (plan.is_empty, plan.unchanged, done) == (True, 3, Done())
    assert Event.objects.count() == events


def test_a_plan_shows_every_field_before_and_after_and_does_nothing(desk: Desk) -> None:
    """A dry run."""
    bring(*ROWS)
    events = Event.objects.count()

    plan = people_csv.plan_people(
        file("2;Grace;Murray;grace.murray@firma.example;Versand;99;;Bonn;;de;110", *ROWS[::2])
    )

    assert told(plan) == {
        "name": ("Grace Hopper", "Grace Murray"),
        "phone": ("", "110"),
        "cost_centre": ("", "99"),
        "department": ("Entwicklung", "Versand"),
        "site": ("Köln › 205", "Bonn"),
        "address": ("grace@firma.example", "grace.murray@firma.example"),
        "line_manager": ("Ada Lovelace", ""),
    }
    assert (plan.new_places, plan.unchanged) == (("Bonn",), 2)
    assert Event.objects.count() == events


def test_after_a_marriage_it_is_the_same_person(desk: Desk) -> None:
    """P25.6: the old address is still recognised."""
    bring(*ROWS)
    grace = person("2")

    bring("2;Grace;Murray;grace.murray@firma.example;Entwicklung;4711;1;Köln;205;en;")

    assert person("2") == grace and person("2").name == "Grace Murray"
    assert people.known_person("grace@firma.example") == people.known_person("grace.murray@firma.example") == grace
    assert Address.objects.get(person=grace, is_main=True).address == "grace.murray@firma.example"


def test_who_is_known_by_address_gets_the_number(desk: Desk) -> None:
    """P25.1: the first link is the full address; what was chosen here stays (P25.4)."""
    petra = desk.person("petra")

    plan, _done = bring(f"77;Petra;Lang;{desk.address('petra').upper()};;;;;;en;")

    assert person("77") == petra
    assert "language" not in told(plan)
    assert Person.objects.get(id=petra.id).language == petra.language


def test_whoever_cannot_be_told_apart_is_left_to_a_human(desk: Desk) -> None:
    """P25.1: nothing is guessed; each row says why and what to do, and stops no other."""
    bring(*ROWS)
    people.deactivate(person("3"), actor=SYSTEM)
    plan, done = bring(
        "9;Other;Number;ada@firma.example;;;;;;;",
        "2;Wrong;Address;ada@firma.example;;;;;;;",
        "5;Twice;One;twice@firma.example;;;;;;;",
        "6;Twice;Two;twice@firma.example;;;;;;;",
        ROWS[2],
        "8;Of;Ours;it@lindner.example;;;;;;;",
        "10;;;ten@firma.example;;;;;;;",
        ";No;Key;;;;;;;;",
        "11;Bad;Address;nonsense;;;;;;;",
        "12;Bad;Language;l@firma.example;;;;;;Klingonisch;",
        "13;Room;Nowhere;r@firma.example;;;;;204;;",
        "14;Good;Row;good@firma.example;;;;;;;",
    )

    assert [one.line for one in plan.rejected] == list(range(2, 13))
    assert all(one.reason and one.what_to_do for one in plan.rejected)
    assert (done.created, person("14").name) == (1, "Good Row")
    assert Person.objects.filter(external_key__in=["9", "5", "6", "8", "10", "11", "12", "13"]).count() == 0


def test_what_cannot_be_done_of_a_row_is_noted_and_the_rest_done(desk: Desk) -> None:
    bring(*ROWS)
    people.archive_department(Department.objects.get(words__en="Versand"), actor=SYSTEM)

    plan, done = bring(
        "20;A;B;ab@firma.example;Versand;;nobody@firma.example;;;;",
        "21;C;D;cd@firma.example;;;22;;;;",
        "22;E;F;ef@firma.example;;;21;;;;",
    )

    assert [one.line for one in plan.noted] == [2, 2, 3]
    assert (done.created, done.faults) == (3, ())
    assert (person("21").line_manager, person("22").line_manager) == (None, person("21"))


def test_two_who_change_places_are_no_circle(desk: Desk) -> None:
    bring("1;A;A;;;;;;;;", "2;B;B;;;;1;;;;")

    _plan, done = bring("1;A;A;;;;2;;;;", "2;B;B;;;;;;;;")

    assert done.faults == ()
    assert (person("1").line_manager, person("2").line_manager) == (person("2"), None)


def test_who_is_missing_leaves_only_on_wish_and_comes_back_with_the_next_file(desk: Desk) -> None:
    """P25.4, P25.5: whoever is managed here stays."""
    rows = [f"{number};N;{number};n{number}@firma.example;;;;;;;" for number in range(20)]
    bring(*rows)
    bring(*rows[:19])
    assert person("19").is_active
    here = set(Person.objects.active().filter(external_key__isnull=True).values_list("id", flat=True))

    plan, done = bring(*rows[:19], archive_missing=True)

    assert ([one.name for one in plan.archived], plan.stops, done.archived) == (["N 19"], (), 1)
    assert not person("19").is_active
    assert set(Person.objects.active().filter(external_key__isnull=True).values_list("id", flat=True)) == here
    again, _done = bring(*rows)
    assert person("19").is_active and told(again)["active"]


def test_whoever_stands_in_a_row_that_is_left_alone_has_not_left(desk: Desk) -> None:
    """P25.4: a typing error in the file is no notice."""
    rows = [f"{number};N;{number};n{number}@firma.example;;;;;;;" for number in range(40)]
    bring(*rows)
    faulty = [
        "35;N;35;n35(at)firma.example;;;;;;;",
        "36;;;n36@firma.example;;;;;;;",
        "37;N;37;n37@firma.example;;;;;;;",
        "37;N;37;n37@firma.example;;;;;;;",
        "7x;N;38;n38@firma.example;;;;;;;",
    ]

    plan, done = bring(*rows[:35], *faulty, archive_missing=True)

    assert len(plan.rejected) == 5
    assert ([one.name for one in plan.archived], done.archived) == (["N 39"], 1)


def test_half_a_file_stops_and_asks(desk: Desk) -> None:
    """P25.3: more than a tenth, or the last administrator."""
    bring(*ROWS, f"4;Karim;Haddad;{desk.address('karim')};;;;;;;")
    plan = people_csv.plan_people(file(*ROWS[:2]), archive_missing=True)

    assert len(plan.stops) == 2
    with pytest.raises(NeedsConsent) as refused:
        people_csv.carry_out(plan, actor=SYSTEM)
    assert "50" in str(refused.value)
    assert person("3").is_active

    done = people_csv.carry_out(plan, actor=SYSTEM, confirmed=True)
    assert (done.archived, [one.name for one in done.faults]) == (1, ["Karim Haddad"])


def test_a_row_that_no_longer_fits_stops_no_other(desk: Desk) -> None:
    """Between preview and import somebody else took the address."""
    plan = people_csv.plan_people(file(*ROWS))
    people.add_person("Faster", "grace@firma.example", actor=SYSTEM)

    done = people_csv.carry_out(plan, actor=SYSTEM)

    assert done.created == 2
    assert [(one.line, one.name) for one in done.faults] == [(3, "Grace Hopper")]
    assert person("3").line_manager is None


def test_without_new_departments_none_is_made(desk: Desk) -> None:
    before = (Department.objects.count(), Site.objects.count())

    plan, done = bring(*ROWS, new_departments=False)

    assert (Department.objects.count(), Site.objects.count()) == before
    assert (done.created, len(plan.noted)) == (3, 5)


def test_the_record_names_the_import_and_for_whom(desk: Desk) -> None:
    plan = people_csv.plan_people(file(*ROWS))
    people_csv.carry_out(plan, actor=desk.actor("karim"))

    event = Event.objects.get(stream__name=person("1").stream, kind="person.added")
    assert '"who":"import"' in event.actor and str(desk.person("karim").uid) in event.actor
    assert "Lovelace" not in event.data and "4711" not in event.data.replace('"cost_centre":"4711"', "")


@pytest.mark.parametrize("who", ["anna", "sabine", "wolfgang", "petra"])
def test_only_administrators_bring_people_in(desk: Desk, who: str) -> None:
    plan = people_csv.plan_people(file(*ROWS))
    with pytest.raises(NotAllowed):
        people_csv.carry_out(plan, actor=desk.actor(who))


def test_the_number_of_queries_of_a_plan_does_not_grow_with_the_rows(
    desk: Desk, django_assert_max_num_queries: object
) -> None:
    """P15.2, P15.8."""
    bring(*ROWS)
    many = [f"{number};N;{number};n{number}@firma.example;X{number};;1;S{number};;;" for number in range(50, 300)]
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        people_csv.plan_people(file(*ROWS, *many))


# Whatever form the table has.

FORMS = {
    "Windows-1252": HEAD.encode("cp1252") + "\r\n1;Zoë;Öztürk;z@x.example;;;;;;;\r\n".encode("cp1252"),
    "UTF-8 with mark": b"\xef\xbb\xbfName,E-Mail\nZo\xc3\xab \xc3\x96zt\xc3\xbcrk,z@x.example\n",
    "tabs": "E-Mail\tFull name\nz@x.example\tZoë Öztürk\n".encode(),
    "UTF-16": "Name;E-Mail\nZoë Öztürk;z@x.example\n".encode("utf-16"),
    "sep=": "sep=|\r\nName|E-Mail\r\nZoë Öztürk|z@x.example\r\n".encode(),
    "last name first": 'e-mail address;Employee\nz@x.example;"Öztürk, Zoë"\n'.encode(),
    "quotes and blank lines": '\n"Name";"E-Mail"\n;\n" Zoë  Öztürk ";" Z@X.example "\n'.encode(),
    "other headings": "E_MAIL;NACHNAME;Vorname\nz@x.example;Öztürk;Zoë\n".encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_tables_are_read_in_whatever_form_they_come(db: None, form: str) -> None:
    """German and English headings; UTF-8, UTF-16, Windows-1252; ; , tab |."""
    plan = people_csv.plan_people(FORMS[form])

    assert [one.name for one in plan.created] == ["Zoë Öztürk"]
    people_csv.carry_out(plan, actor=SYSTEM)
    assert people.known_person("z@x.example") == Person.objects.get(name="Zoë Öztürk")


def test_columns_may_be_named_by_hand(db: None) -> None:
    content = b"Wer;Post;Ding\nAda;ada@x.example;9\n"
    with pytest.raises(WrongColumns):
        people_csv.plan_people(content)

    plan = people_csv.plan_people(content, mapping={"Wer": "name", "post": "address"})

    assert (plan.columns, plan.ignored) == ({"Wer": "name", "Post": "address"}, ("Ding",))
    for wrong in ({"Gibt es nicht": "name"}, {"Wer": "shoe size"}):
        with pytest.raises(WrongColumns):
            people_csv.plan_people(content, mapping=wrong)
    assert people_csv.recognise(["Name", "Abteilung"], {"Abteilung": ""}) == {"Name": "name"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"Name;Name\nA;B\n",
        b"x" * 200_000 + b"\n" + b'"' + b"y" * 200_000,
        b";".join([b"c%d" % n for n in range(300)]),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes) -> None:
    with pytest.raises((Unreadable, WrongColumns)) as refused:
        people_csv.plan_people(content)
    assert str(refused.value)


def test_lines_are_counted_as_an_editor_does() -> None:
    table = read_table(b'A;B\n"two\nlines";x\n\nlast;y\n')

    assert [row.line for row in table.rows] == [2, 5]


# And back.


def rows_of(pieces: Iterator[bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig")), delimiter=";"))


def test_what_was_exported_can_be_imported_and_changes_nothing(desk: Desk) -> None:
    bring(*ROWS)
    content = b"".join(people_csv.export_people())

    plan = people_csv.plan_people(content)

    assert (plan.changed, plan.created, plan.rejected, plan.noted) == ((), (), (), ())
    assert plan.unchanged == len(rows_of(people_csv.export_people()))
    assert set(plan.columns.values()) == set(people_csv.FIELDS) - {"first_name", "last_name"}


def test_an_export_tells_nothing_of_strangers_and_programs(desk: Desk) -> None:
    """P11.1: who wrote to a confidential team only is that team's to know."""
    people.add_person("Stranger", "s@haulier.example", is_external=True, actor=SYSTEM)
    people.add_integration("Monitoring", actor=SYSTEM)

    names = {row["Name"] for row in rows_of(people_csv.export_people())}

    assert desk.person("petra").name in names
    assert not names & {"Stranger", "Monitoring"}


def test_no_cell_of_an_export_becomes_a_formula(desk: Desk) -> None:
    """S15; and the name comes back as it was."""
    people.add_person("=HYPERLINK(1)", "h@x.example", phone="+49 40 1", actor=SYSTEM)
    exported = b"".join(people_csv.export_people())

    assert b"'=HYPERLINK(1)" in exported and b"'+49 40 1" in exported
    assert people_csv.plan_people(exported).changed == ()


def test_the_template_names_every_column(db: None) -> None:
    heads = b"".join(people_csv.template())
    assert people_csv.plan_people(heads).ignored == ()
    assert places_csv.plan_places(b"".join(places_csv.template())).ignored == ()


# Places.

PLACES = """Standort;Gebäude;Etage;Raum;Schlüssel;Zeitzone;Land;Anschrift;Name (en)
Köln;;;;cgn;Europe/Berlin;de;Domplatz 1, 50667 Köln;Cologne
Köln;Halle 1;EG;Tor 3;gate-3;;;;Gate 3
Köln;Halle 1;;;hall-1;;;;
Bonn;;;;;Mars/Phobos;;;
;;;R1;;;;;
"""


def bring_places(text: str, confirmed: bool = False, **options: bool) -> tuple[Plan, Done]:
    plan = places_csv.plan_places(text.encode(), **options)
    return plan, places_csv.carry_out(plan, actor=SYSTEM, confirmed=confirmed)


def test_a_file_brings_sites_and_what_lies_in_them(desk: Desk) -> None:
    plan, done = bring_places(PLACES)

    assert (done.created, done.faults) == (3, ())
    site, gate = Site.objects.get(key="cgn"), Location.objects.select_related("parent__parent").get(key="gate-3")
    assert (site.words["en"], site.country, site.postal_address) == ("Cologne", "DE", "Domplatz 1\n50667 Köln")
    assert gate.parent is not None and gate.parent.kind == "floor" and gate.parent.parent is not None
    assert (gate.parent.parent.key, gate.words["en"]) == ("hall-1", "Gate 3")
    assert plan.new_places == ("Köln › Halle 1 › EG",)
    assert [one.line for one in plan.rejected] == [5, 6]
    again, done = bring_places(PLACES)
    assert (again.is_empty, again.unchanged, done) == (True, 3, Done())


def test_places_are_renamed_and_moved_by_their_key(desk: Desk) -> None:
    bring_places(PLACES)
    plan, done = bring_places("Standort;Gebäude;Raum;Schlüssel\nCologne;Halle 2;;h2\nCologne;Halle 2;Tor Nord;gate-3\n")

    assert (done.created, done.changed, done.faults) == (1, 1, ())
    [moved] = plan.changed
    assert [change.field for change in moved.changes] == ["name_en", "parent"]
    gate = Location.objects.select_related("parent").get(key="gate-3")
    assert gate.parent is not None and (gate.name, gate.parent.key) == ("Tor Nord", "h2")


def test_a_renamed_building_keeps_its_rooms(desk: Desk) -> None:
    """The file calls it by its new name everywhere; its key tells that it is the same."""
    bring_places(PLACES)

    plan, done = bring_places(
        "Standort;Gebäude;Etage;Raum;Schlüssel\nKöln;Halle A;EG;Tor 3;gate-3\nKöln;Halle A;;;hall-1\nKöln;Halle A;;Büro;office\n"
    )

    assert (done.created, done.changed, done.faults, plan.rejected) == (1, 1, (), ())
    hall = Location.objects.get(key="hall-1")
    assert hall.name == "Halle A"
    assert Location.objects.get(key="office").parent == hall
    assert Location.objects.filter(site__key="cgn", kind="building").count() == 1


def test_places_that_the_file_names_no_more_are_archived_on_wish(desk: Desk) -> None:
    sites = Site.objects.active().count()
    bring_places(PLACES)
    exported = b"".join(places_csv.export_places()).decode("utf-8-sig")
    assert places_csv.plan_places(exported.encode(), archive_missing=True).is_empty
    without = "\n".join(line for line in exported.splitlines() if "gate-3" not in line)

    plan, _done = bring_places(without, archive_missing=True)

    assert [one.name for one in plan.archived] == ["Cologne › Halle 1 › EG › Gate 3"]
    assert Location.objects.get(key="gate-3").archived_at is not None
    again, _done = bring_places(exported)
    assert Location.objects.get(key="gate-3").archived_at is None and told(again) == {"archived": ("yes", "no")}
    with pytest.raises(NeedsConsent):
        bring_places("Standort\nKöln\n", archive_missing=True)
    bring_places("Standort\nCologne\n", archive_missing=True, confirmed=True)
    assert Site.objects.active().count() == 1 < sites


def test_a_place_whose_row_is_left_alone_is_not_missing(desk: Desk) -> None:
    bring_places(PLACES)
    exported = b"".join(places_csv.export_places()).decode("utf-8-sig")
    # The room's row has lost its site; another site, in which nothing lies, has a zone that is none.
    lines = [f";{line.partition(';')[2]}" if "gate-3" in line else line for line in exported.splitlines()]
    places.add_site("graz", {"en": "Graz"}, time_zone="Europe/Vienna", actor=SYSTEM)
    faulty = "\n".join([*lines, "Graz;;;;graz;;;Mars/Phobos;;"])

    plan = places_csv.plan_places(faulty.encode(), archive_missing=True)

    assert len(plan.rejected) == 2
    assert (plan.archived, plan.stops) == ((), ())


def test_a_place_stays_at_its_site(desk: Desk) -> None:
    """Its tickets and people would be elsewhere over night."""
    bring_places(PLACES)
    places.add_site("bonn", {"en": "Bonn"}, time_zone="Europe/Berlin", actor=SYSTEM)

    plan, _done = bring_places("Standort;Raum;Schlüssel\nBonn;Tor 3;gate-3\n")

    assert [one.line for one in plan.rejected] == [2]
    assert Location.objects.get(key="gate-3").site.key == "cgn"
