"""People in the settings: every verb is reached by a form, and every refusal stands beside its field."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from hauspost.records.people import actions
from hauspost.records.people.absences import today
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Absence, Membership, Person
from hauspost.records.places.models import Workplace
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words
from tests.doors.settings_forms import SETTINGS, again, form_of, path, sends

pytestmark = pytest.mark.django_db


@pytest.fixture
def karim(desk: Desk) -> Client:
    return administrator(desk)


# The list.


def test_people_are_found_by_the_beginning_of_a_name_an_address_or_their_key(karim: Client, desk: Desk) -> None:
    actions.change_person(desk.person("petra"), external_key="P-4711", actor=SYSTEM)
    for asked in ("pet", "LANG", "petra.l", "P-4711", "Petra Lang"):
        page = words(karim.get(f"{SETTINGS}/people", {"words": asked}).text)
        assert "Petra Lang" in page, asked
        assert "Mira Kowalski" not in page, asked
    assert "Nobody fits" in karim.get(f"{SETTINGS}/people?words=etra").text


def test_the_list_is_narrowed_by_what_people_are_and_where_they_work(karim: Client, desk: Desk) -> None:
    actions.deactivate(desk.person("mira"), actor=SYSTEM)
    names = {
        "?kind=left": {"Mira Kowalski"},
        "?department=accounting&kind=all": {"Mira Kowalski"},
        "?team=it&role=dispatcher": {"Deniz Aydın"},
        "?team=hr": {"Giulia Conti"},
        "?role=auditor": {"Wolfgang von Hagen"},
        "?role=administrator": {"Karim Haddad"},
        "?site=wien": {"Ines Hofer"},
    }
    for query, expected in names.items():
        page = karim.get(f"{SETTINGS}/people{query}").text
        found = set(re.findall(r'aria-label="Choose ([^"]*)"', page))
        assert found == expected, query


def test_many_people_come_a_page_at_a_time_in_a_fixed_number_of_queries(
    karim: Client, django_assert_max_num_queries: Any
) -> None:
    """P15.6: by key, without an offset."""
    for number in range(120):
        actions.add_person(f"Zz Person {number:03}", f"zz{number}@lindner.example", actor=SYSTEM)
    karim.get(f"{SETTINGS}/people")
    with django_assert_max_num_queries(16) as asked:
        page = karim.get(f"{SETTINGS}/people?words=zz").text
    assert not [query for query in asked.captured_queries if "OFFSET" in query["sql"].upper()]
    seen = re.findall(r"Zz Person \d{3}(?=</b>)", page)
    assert len(seen) == 50
    while more := re.search(r'href="([^"]*after=\d+)"', page):
        page = karim.get(html.unescape(more[1]), headers={"HX-Request": "true"}).text
        seen += re.findall(r"Zz Person \d{3}(?=</b>)", page)
    assert seen == [f"Zz Person {number:03}" for number in range(120)]


def test_a_stranger_who_wrote_to_a_confidential_team_only_is_nobody_to_the_administrator(
    karim: Client, desk: Desk
) -> None:
    """P11.1, P33.3."""
    ticket = desk.ticket("whistle@elsewhere.example", to="hr")
    secret = ticket.requester
    assert secret.is_external
    unknown = karim.get(f"{SETTINGS}/people/00000000-0000-0000-0000-000000000000")
    assert karim.get(f"{SETTINGS}/people/{secret.uid}").status_code == unknown.status_code == 404
    assert "whistle" not in words(karim.get(f"{SETTINGS}/people?kind=external").text)
    refused = karim.get(path(desk, "petra", "merging"), {"into": "whistle@elsewhere.example"}).text
    assert "nobody here has the address" in words(refused)
    # As soon as they wrote to another team, too, they are known.
    desk.ticket("whistle@elsewhere.example", to="it")
    assert karim.get(f"{SETTINGS}/people/{secret.uid}").status_code == 200


# Adding and changing.


def test_an_administrator_adds_a_person(karim: Client) -> None:
    sent = {"name": "Noor de Vries", "address": "Noor.deVries@Lindner.example", "department": "sales", "site": "wien",
            "language": "de", "phone": "77", "external_key": "P-1"}  # fmt: skip
    page = karim.post(f"{SETTINGS}/people/new", sent, follow=True)
    person = Person.objects.get(external_key="P-1")
    assert (person.name, person.department and person.department.key) == ("Noor de Vries", "sales")
    assert person.addresses.get().address == "noor.devries@lindner.example"
    assert Workplace.objects.get(person=person).site.key == "wien"
    assert "Noor de Vries was added" in words(page.text)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "write a name"),
        ("address", "no-address", "is not a mail address"),
        ("address", "petra.lang@lindner.example", "already belongs to somebody"),
        ("address", "it@lindner.example", "is an intake address"),
        ("department", "nonsense", "choose one of the list"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_typed_is_lost(
    karim: Client, field: str, typed: str, said: str
) -> None:
    sent = {"name": "Noor de Vries", "address": "noor@lindner.example", "phone": "0123 456"} | {field: typed}
    before = Person.objects.count()
    answer = karim.post(f"{SETTINGS}/people/new", sent)
    assert answer.status_code in (409, 422)
    beside = re.search(rf'id="{field}-more" class="wrong">([^<]*)', answer.text)
    assert beside is not None
    assert said in html.unescape(beside[1])
    assert 'value="0123 456"' in answer.text
    assert Person.objects.count() == before


def test_details_are_changed_and_told_in_the_history_with_names(karim: Client, desk: Desk) -> None:
    page = sends(karim, path(desk, "petra") + "?change=details", "details", name="Petra Lang-Meier", department="sales",
                 line_manager="Yusuf Demir", cost_centre="9999", external_key="P-7")  # fmt: skip
    petra = again(desk, "petra")
    assert (petra.name, petra.cost_centre, petra.external_key) == ("Petra Lang-Meier", "9999", "P-7")
    assert petra.department is not None
    assert (petra.department.key, petra.line_manager) == ("sales", desk.person("yusuf"))
    assert "Saved." in words(page.text)
    told = words(karim.get(path(desk, "petra", "history")).text)
    assert "Karim Haddad changed the details" in told
    for change in ("Name: Petra Lang → Petra Lang-Meier", "Department: Warehouse → Sales", "Cost centre: 9999"):
        assert change in told, told
    assert "Line manager: Cornelia Lindner → Yusuf Demir" in told or "Line manager: Yusuf Demir" in told


def test_two_who_edit_the_same_field_meet_and_see_both_values(karim: Client, desk: Desk) -> None:
    """P24.3 for settings: nothing is overwritten unseen; different fields do not meet."""
    page = karim.get(path(desk, "petra") + "?change=details").text
    mine = form_of(page, "details") | {"phone": "1111", "cost_centre": "55"}
    actions.change_person(desk.person("petra"), phone="2222", language="en", actor=SYSTEM)
    answer = karim.post(path(desk, "petra", "details"), mine)
    assert answer.status_code == 409
    assert again(desk, "petra").phone == "2222"
    shown = words(answer.text)
    assert "Meanwhile somebody else set: 2222" in shown
    assert 'value="1111"' in answer.text
    karim.post(path(desk, "petra", "details"), form_of(answer.text, "details"))
    petra = again(desk, "petra")
    assert (petra.phone, petra.cost_centre, petra.language) == ("1111", "55", "en")


def test_only_the_forms_own_fields_are_written(karim: Client, desk: Desk) -> None:
    """S17: whatever else is sent along changes nothing."""
    page = karim.get(path(desk, "petra") + "?change=details").text
    before = {field.attname: getattr(again(desk, "petra"), field.attname) for field in Person._meta.concrete_fields}
    everything = {field.name: "1" for field in Person._meta.concrete_fields} | {
        field.attname: str(desk.person("mira").pk) for field in Person._meta.concrete_fields
    }
    own = form_of(page, "details")
    assert karim.post(path(desk, "petra", "details"), everything | own).status_code == 302
    assert karim.post(path(desk, "petra", "place"), everything | {"place": ""}).status_code == 302
    after = {field.attname: getattr(again(desk, "petra"), field.attname) for field in Person._meta.concrete_fields}
    assert after == before


def test_a_place_of_work_is_a_site_or_a_room_in_it(karim: Client, desk: Desk) -> None:
    sends(karim, path(desk, "petra") + "?change=place", "place", place="location:k-204")
    workplace = Workplace.objects.get(person=desk.person("petra"))
    assert (workplace.site.key, workplace.location and workplace.location.key) == ("koeln", "k-204")
    karim.post(path(desk, "petra", "place"), {"place": "site:wien"})
    workplace.refresh_from_db()
    assert (workplace.site.key, workplace.location) == ("wien", None)
    karim.post(path(desk, "petra", "place"), {"place": ""})
    assert not Workplace.objects.filter(person=desk.person("petra")).exists()
    assert karim.post(path(desk, "petra", "place"), {"place": "site:nowhere"}).status_code == 422


def test_addresses_are_added_made_main_and_removed(karim: Client, desk: Desk) -> None:
    sends(karim, path(desk, "petra") + "?change=address", "addresses", address="p.lang@lindner.example", kind="shared")
    petra = desk.person("petra")
    added = petra.addresses.get(address="p.lang@lindner.example")
    old = petra.addresses.get(is_main=True)
    assert (added.kind, added.is_main) == ("shared", False)
    karim.post(path(desk, "petra", f"addresses/{added.pk}/main"))
    assert petra.addresses.get(is_main=True) == added
    page = karim.post(path(desk, "petra", f"addresses/{added.pk}/removal"), follow=True).text
    assert petra.addresses.filter(pk=added.pk).exists(), "the main address stays"
    assert 'class="said bad"' in page
    karim.post(path(desk, "petra", f"addresses/{old.pk}/removal"))
    assert list(petra.addresses.all()) == [added]
    stranger = desk.person("mira").addresses.get()
    assert karim.post(path(desk, "petra", f"addresses/{stranger.pk}/removal")).status_code == 404


def test_rights_are_given_and_the_last_administrator_stays_one(karim: Client, desk: Desk) -> None:
    sends(karim, path(desk, "yusuf") + "?change=rights", "rights", sees_department="1", is_auditor="1")
    yusuf = again(desk, "yusuf")
    assert (yusuf.sees_department, yusuf.is_auditor, yusuf.is_administrator) == (True, True, False)
    answer = karim.post(
        path(desk, "karim", "rights"),
        {"seen": form_of(karim.get(path(desk, "karim") + "?change=rights").text, "rights")["seen"]},
    )
    assert answer.status_code == 409
    assert again(desk, "karim").is_administrator


def test_roles_are_given_changed_and_taken(karim: Client, desk: Desk) -> None:
    """P33.1; every change of a role ends the sessions (S13)."""
    mira = browser(desk, "mira")
    assert mira.get("/my-tickets").status_code == 200
    sends(karim, path(desk, "mira") + "?change=role", "roles", team="it", role="dispatcher", is_technician="1")
    row = Membership.objects.get(person=desk.person("mira"))
    assert (row.team.key, row.role, row.is_technician) == ("it", "dispatcher", True)
    assert mira.get("/my-tickets").status_code == 302
    page = karim.get(path(desk, "mira") + "?change=role&team=it").text
    assert form_of(page, "roles")["role"] == "dispatcher"
    karim.post(path(desk, "mira", "roles/it/removal"))
    assert not Membership.objects.filter(person=desk.person("mira")).exists()
    assert karim.post(path(desk, "mira", "roles/it/removal")).status_code == 404


def test_an_absence_with_a_deputy_is_entered_and_removed(karim: Client, desk: Desk) -> None:
    """P48.1."""
    begin, end = today() + timedelta(days=3), today() + timedelta(days=9)
    sent = {"starts_on": begin.isoformat(), "ends_on": end.isoformat(), "deputy": "Jonas Klein"}
    sends(karim, path(desk, "anna") + "?change=absence", "absences", **sent)
    row = Absence.objects.get()
    assert (row.person, row.deputy, row.starts_on, row.ends_on) == (
        desk.person("anna"),
        desk.person("jonas"),
        begin,
        end,
    )
    assert "Deputy: Jonas Klein" in words(karim.get(path(desk, "anna")).text)
    circle = sent | {"deputy": "anna.weiss@lindner.example"}
    answer = karim.post(path(desk, "jonas", "absences"), circle)
    assert answer.status_code in (409, 422), "circles are refused"
    assert 'id="deputy-more" class="wrong"' in answer.text
    assert karim.post(path(desk, "jonas", "absences"), sent | {"starts_on": "soon"}).status_code == 422
    karim.post(path(desk, "anna", f"absences/{row.pk}/removal"))
    assert not Absence.objects.exists()


def test_all_sessions_of_a_person_can_be_ended(karim: Client, desk: Desk) -> None:
    anna = browser(desk, "anna")
    assert anna.get("/desk/mine").status_code == 200
    karim.post(path(desk, "anna", "sessions"))
    assert anna.get("/desk/mine").status_code == 302


# Leaving, coming back, merging.


def test_deactivating_hands_open_work_over_in_the_same_step(karim: Client, desk: Desk) -> None:
    """S13, P25.5."""
    ticket = desk.ticket("petra", subject="Canary printer")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    anna = browser(desk, "anna")
    page = karim.get(path(desk, "anna", "deactivation")).text
    assert "1 open ticket of team IT service, which you may not see" in words(page)
    assert "Canary printer" not in page, "an administrator without a role reads no ticket (P33.3)"
    karim.post(path(desk, "anna", "deactivation"), {"to": str(desk.person("jonas").uid)})
    assert again(desk, "anna").deactivated_at is not None
    assert Ticket.objects.get(number=ticket.number).assignee == desk.person("jonas")
    assert anna.get("/desk/mine").status_code == 302
    shown = words(karim.get(path(desk, "anna")).text)
    assert "Deactivated since" in shown
    karim.post(path(desk, "anna", "reactivation"))
    assert again(desk, "anna").is_active


def test_who_sees_the_tickets_reads_which_are_open(desk: Desk) -> None:
    ticket = desk.ticket("petra", subject="Label printer")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    actions.change_person(desk.person("deniz"), is_administrator=True, actor=SYSTEM)
    deniz = browser(desk, "deniz")
    page = deniz.get(path(desk, "anna", "deactivation")).text
    assert f"#{ticket.number} Label printer" in page


def test_the_last_administrator_cannot_be_deactivated(karim: Client, desk: Desk) -> None:
    answer = karim.post(path(desk, "karim", "deactivation"), {"to": ""})
    assert answer.status_code == 409
    assert again(desk, "karim").is_active


def test_a_double_is_merged_after_a_preview_and_taken_apart_again(karim: Client, desk: Desk) -> None:
    ticket = desk.ticket("p.lang@mail.example", subject="From home")
    double = ticket.requester
    page = words(karim.get(f"{SETTINGS}/people/{double.uid}/merging", {"into": "petra.lang@lindner.example"}).text)
    assert "p.lang@mail.example" in page
    assert "1 ticket" in page
    assert Person.objects.get(pk=double.pk).merged_into is None, "a preview changes nothing"
    answer = karim.post(f"{SETTINGS}/people/{double.uid}/merging", {"into": "petra.lang@lindner.example"}, follow=True)
    assert Ticket.objects.get(number=ticket.number).requester == desk.person("petra")
    assert "can be undone" in words(answer.text)
    merged = karim.get(f"{SETTINGS}/people/{double.uid}").text
    assert "Undo the merging" in merged
    karim.post(f"{SETTINGS}/people/{double.uid}/unmerging")
    assert Person.objects.get(pk=double.pk).merged_into is None
    assert Ticket.objects.get(number=ticket.number).requester == double


def test_doubles_of_one_name_are_told_apart_by_address_when_they_are_merged(karim: Client, desk: Desk) -> None:
    double = actions.add_person("Petra Lang", "p.lang@old.example", actor=SYSTEM)
    page = f"{SETTINGS}/people/{double.uid}/merging"
    said = words(karim.post(page, {"into": "petra.lang@lindner.example"}, follow=True).text)
    assert "Petra Lang <p.lang@old.example> is now Petra Lang <petra.lang@lindner.example>." in said


@pytest.mark.parametrize("into", ["petra.lang@lindner.example", "nobody@lindner.example", "No One"])
def test_nobody_is_merged_with_themselves_or_nobody(karim: Client, desk: Desk, into: str) -> None:
    answer = karim.post(path(desk, "petra", "merging"), {"into": into})
    assert answer.status_code in (409, 422)
    assert again(desk, "petra").merged_into is None


# Several at once.


def chosen(desk: Desk, *names: str) -> list[str]:
    return [str(desk.person(name).uid) for name in names]


def test_several_get_a_department_a_site_a_role_at_once(karim: Client, desk: Desk) -> None:
    target, uids = f"{SETTINGS}/people/together", chosen(desk, "petra", "marta")
    page = karim.get(target, {"change": "department", "uid": uids})
    assert "2 persons" in words(page.text)
    assert "Petra Lang" in page.text
    karim.post(target, {"change": "department", "uid": uids, "department": "it"})
    assert {again(desk, name).department.key for name in ("petra", "marta")} == {"it"}  # type: ignore[union-attr]
    karim.post(target, {"change": "site", "uid": uids, "site": "wien"})
    assert set(Workplace.objects.filter(person__uid__in=uids).values_list("site__key", flat=True)) == {"wien"}
    karim.post(target, {"change": "role", "uid": uids, "team": "facilities", "role": "read_only"})
    assert Membership.objects.filter(person__uid__in=uids, team__key="facilities", role="read_only").count() == 2
    answer = karim.post(target, {"change": "role", "uid": uids, "team": "", "role": "agent"})
    assert answer.status_code == 422


def test_several_are_deactivated_together_or_not_at_all(karim: Client, desk: Desk) -> None:
    target = f"{SETTINGS}/people/together"
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    uids = chosen(desk, "mira", "anna")
    assert "Anna Weiss" in words(karim.get(target, {"change": "deactivation", "uid": uids}).text)
    assert karim.post(target, {"change": "deactivation", "uid": uids}).status_code == 409
    assert again(desk, "mira").is_active
    karim.post(target, {"change": "deactivation", "uid": chosen(desk, "mira", "marta")})
    assert not again(desk, "mira").is_active
    assert not again(desk, "marta").is_active
