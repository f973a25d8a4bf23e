"""Roles, teams, departments and places in the settings, what somebody can see, and being away."""

import inspect
import re
from pathlib import Path

import pytest
from django.test import Client

from hauspost.doors.desk.settings import sight
from hauspost.doors.desk.settings.roles import AT_THE_DESK, ELSEWHERE, columns
from hauspost.records.people import actions
from hauspost.records.people.absences import today
from hauspost.records.people.actor import RIGHTS, SYSTEM, Actor
from hauspost.records.people.models import Absence, Department, Membership, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import REQUESTER_RIGHTS, View, view_of
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words
from tests.doors.settings_forms import SETTINGS, again, path, sends

pytestmark = pytest.mark.django_db


@pytest.fixture
def karim(desk: Desk) -> Client:
    return administrator(desk)


# Roles, and what somebody can see.


def test_a_role_for_oneself_ends_every_session_but_this_one(desk: Desk, karim: Client) -> None:
    """S13: other rights, new sessions; whoever is at it is not thrown out without a word."""
    elsewhere, me = browser(desk, "karim"), desk.person("karim")
    given = karim.post(f"{SETTINGS}/teams/it/members", {"person": desk.address("karim"), "role": "agent"}, follow=True)
    assert given.status_code == 200 and me.name in words(given.text)
    assert "/sign-in" in elsewhere.get(SETTINGS + "/roles").headers["Location"]
    for path_, sent in (
        (f"{SETTINGS}/people/{me.uid}/roles", {"team": "facilities", "role": "lead"}),
        (f"{SETTINGS}/people/{me.uid}/roles/it/removal", {}),
        (f"{SETTINGS}/teams/facilities/archive", {}),
    ):
        karim.post(path_, sent)
        assert karim.get(f"{SETTINGS}/roles").status_code == 200, path_
    assert not Membership.objects.filter(person=me, team=desk.team("it")).exists()


@pytest.mark.parametrize("then", ["employee", "agent", "auditor"])
def test_whoever_gives_up_being_administrator_stays_signed_in(desk: Desk, karim: Client, then: str) -> None:
    """S13: here, where they did it, and elsewhere not; a message says so on the page where they still work."""
    actions.change_person(desk.person("deniz"), is_administrator=True, actor=SYSTEM)
    elsewhere, me = browser(desk, "karim"), desk.person("karim")
    if then == "agent":
        karim.post(f"{SETTINGS}/people/{me.uid}/roles", {"team": "it", "role": "agent"})
    rights = {"is_administrator": "", "is_auditor": "1" if then == "auditor" else ""}
    answer = sends(karim, f"{path(desk, 'karim')}?change=rights", "rights", **rights)
    assert answer.status_code == 200 and "You are no administrator any more. You stay signed in." in words(answer.text)
    assert answer.redirect_chain[-1][0].partition("#")[0] == {
        "employee": "/ask", "agent": "/desk/mine", "auditor": path(desk, "karim"),
    }[then]  # fmt: skip
    assert karim.get(f"{SETTINGS}/people/new").status_code == 404
    assert "/sign-in" in elsewhere.get("/ask").headers["Location"]


def test_rights_that_somebody_else_takes_end_every_session(desk: Desk, karim: Client) -> None:
    """S13."""
    deniz = administrator(desk, "deniz")
    sends(karim, f"{path(desk, 'deniz')}?change=rights", "rights", is_administrator="")
    assert "/sign-in" in deniz.get("/desk/mine").headers["Location"]


def test_every_right_has_words() -> None:
    rights = set().union(*RIGHTS.values())
    assert rights == set(AT_THE_DESK), "a right without words in doors/desk/settings/roles.py, or words for no right"
    assert set(REQUESTER_RIGHTS) == set(ELSEWHERE)
    assert [column.key for column in columns()] == list(RIGHTS)


def test_the_roles_page_ticks_what_the_gates_allow(karim: Client) -> None:
    page = karim.get(f"{SETTINGS}/roles").text
    ticked = len(re.findall(r'aria-label="yes"', page))
    assert ticked == sum(len(rights) for rights in RIGHTS.values())


def test_every_view_of_a_ticket_is_told_in_words(karim: Client, desk: Desk) -> None:
    """The page about one ticket knows every way in which `view_of` can answer."""
    ticket = desk.ticket("petra")
    asked = {"anna": "as a member of team IT service", "petra": "as its requester", "wolfgang": "as an auditor",
             "mira": "Mira Kowalski does not see this ticket."}  # fmt: skip
    for name, said in asked.items():
        page = words(karim.get(path(desk, name, "sight"), {"ticket": f"#{ticket.number}"}).text)
        assert said in page, name
    documented = re.findall(r'"(\w+)"', View.__doc__ or "")
    source = Path(inspect.getfile(sight)).read_text()
    assert documented
    assert [role for role in documented if f'"{role}": _(' not in source] == []


def test_a_ticket_of_a_confidential_team_is_like_no_ticket(karim: Client, desk: Desk) -> None:
    ticket = desk.ticket("petra", to="hr")
    secret = words(karim.get(path(desk, "petra", "sight"), {"ticket": str(ticket.number)}).text)
    nothing = words(karim.get(path(desk, "petra", "sight"), {"ticket": "98765"}).text)
    assert "There is no such ticket" in secret
    assert secret == nothing


@pytest.mark.parametrize("name", ["petra", "anna", "jonas", "lena", "deniz", "giulia", "karim", "wolfgang", "yusuf"])
def test_what_a_person_can_see_is_what_the_gates_say(karim: Client, desk: Desk, name: str) -> None:
    """P33.1: the page and `view_of` agree, ticket by ticket."""
    for key in ("it", "facilities", "hr"):
        desk.ticket("petra", to=key)
    actor = Actor(who=again(desk, name))
    page = words(karim.get(path(desk, name, "sight")).text)
    for team in Team.objects.active():
        readable = team.id in actor.teams_with("read")
        assert (f"In team {team.name}:" in page) == readable
        if team.is_confidential:
            assert (f"Nothing of the confidential team {team.name}" in page) == (not readable)
    counted = Ticket.objects.at_desk_of(actor).filter(team__is_confidential=False).count()
    if actor.teams_with("read"):
        assert f"At the desk: {counted} tickets" in page
    assert ("Has the portal only" in page) == (
        not (actor.is_agent or actor.is_administrator or again(desk, name).is_auditor)
    )
    assert ("Auditor: reads every ticket" in page) == again(desk, name).is_auditor
    own = sum(
        1
        for ticket in Ticket.objects.filter(team__is_confidential=False)
        if (v := view_of(ticket, actor)) and v.role == "requester"
    )
    if not actor.is_agent:
        assert f"{own} own request" in page


# Teams, departments, places.


def test_a_team_is_added_changed_archived_and_restored(karim: Client) -> None:
    karim.post(f"{SETTINGS}/teams/new", {"de": "Fuhrpark", "en": "Fleet", "acknowledges": "1"})
    team = Team.objects.get(key="fleet")
    assert (team.words, team.is_confidential, team.acknowledges) == ({"de": "Fuhrpark", "en": "Fleet"}, False, True)
    sends(karim, f"{SETTINGS}/teams/fleet?change=ways", "ways", is_confidential="1", asks_satisfaction="1", en="Cars")
    team.refresh_from_db()
    assert (team.is_confidential, team.asks_satisfaction, team.words["en"]) == (True, True, "Cars")
    karim.post(f"{SETTINGS}/teams/fleet/archive")
    team.refresh_from_db()
    assert team.archived_at is not None
    karim.post(f"{SETTINGS}/teams/fleet/archive", {"restore": "1"})
    team.refresh_from_db()
    assert team.archived_at is None
    assert "Karim Haddad archived the team" in words(karim.get(f"{SETTINGS}/teams/fleet").text)


def test_a_team_with_open_tickets_is_not_archived(karim: Client, desk: Desk) -> None:
    desk.ticket("petra")
    page = karim.post(f"{SETTINGS}/teams/it/archive", follow=True).text
    assert Team.objects.get(key="it").archived_at is None
    assert "1 open ticket" in words(page)


def test_members_and_intake_addresses_are_added_on_the_teams_page(karim: Client, desk: Desk) -> None:
    sends(karim, f"{SETTINGS}/teams/it?change=member", "members", person="Mira Kowalski", role="agent")
    assert Membership.objects.get(person=desk.person("mira")).team.key == "it"
    sends(karim, f"{SETTINGS}/teams/it?change=mailbox", "mailboxes", address="hilfe@lindner.example")
    assert "hilfe@" in karim.get(f"{SETTINGS}/teams/it").text
    answer = karim.post(f"{SETTINGS}/teams/it/mailboxes", {"address": "petra.lang@lindner.example"})
    assert answer.status_code == 409
    assert 'id="address-more" class="wrong"' in answer.text
    assert karim.post(f"{SETTINGS}/teams/it/members", {"person": "", "role": "agent"}).status_code == 422


def test_a_member_named_by_a_common_surname_is_asked_for_with_the_people_who_have_it(karim: Client, desk: Desk) -> None:
    """P54: what to do next; one who alone has the name is taken by it."""
    for first in ("Lena", "Max"):
        actions.add_person(f"{first} Müllner", f"{first.lower()}@lindner.example", actor=SYSTEM)
    actions.add_person("Ute Nachtigall", "ute@lindner.example", actor=SYSTEM)

    def refused(typed: str) -> str:
        answer = karim.post(f"{SETTINGS}/teams/it/members", {"person": typed, "role": "agent"})
        assert answer.status_code == 422
        return words(answer.text)

    several = (
        "several persons have this name: Lena Müllner <lena@lindner.example> and Max Müllner <max@lindner.example>"
    )
    assert several in refused("Müllner")
    assert several in refused("MULLNER")
    assert "did you mean Ute Nachtigall <ute@lindner.example>?" in refused("Nachti")
    assert "nobody has this name" in refused("achtigall")
    for number in range(6):
        actions.add_person(f"Kim Zott {number}", f"kim{number}@lindner.example", actor=SYSTEM)
    assert "many have this name, among them Kim Zott 0 <kim0@lindner.example>" in refused("Zott")
    answer = karim.post(f"{SETTINGS}/teams/it/members", {"person": "Nachtigall", "role": "agent"}, follow=True)
    assert "Ute Nachtigall" in words(answer.text)
    assert Membership.objects.filter(team__key="it", person__name="Ute Nachtigall").exists()


def test_a_department_is_added_changed_and_archived(karim: Client, desk: Desk) -> None:
    karim.post(f"{SETTINGS}/departments/new", {"de": "Qualität", "en": "", "cost_centre": "77"})
    made = Department.objects.get(cost_centre="77")
    assert made.key == "qualitaet"
    sends(karim, f"{SETTINGS}/departments/qualitaet", "details", cost_centre="78")
    made.refresh_from_db()
    assert made.cost_centre == "78"
    karim.post(f"{SETTINGS}/departments/qualitaet/archive")
    made.refresh_from_db()
    assert made.archived_at is not None
    assert karim.post(f"{SETTINGS}/departments/new", {"de": "", "en": ""}).status_code == 422
    assert karim.post(f"{SETTINGS}/departments/new", {"de": "IT", "key": "it"}).status_code == 422
    assert karim.post(f"{SETTINGS}/departments/new", {"de": "IT", "key": "I T"}).status_code == 422


def test_sites_and_what_lies_in_them(karim: Client) -> None:
    sent = {"de": "Graz", "country": "at", "time_zone": "Europe/Vienna", "postal_address": "Ring 1\n8010 Graz"}
    karim.post(f"{SETTINGS}/places/new", sent)
    graz = Site.objects.get(key="graz")
    assert (graz.country, graz.postal_address.splitlines()) == ("AT", ["Ring 1", "8010 Graz"])
    karim.post(f"{SETTINGS}/places/graz/locations", {"de": "Haus A", "kind": "building", "key": "graz-a"})
    karim.post(
        f"{SETTINGS}/places/graz/locations", {"de": "Zimmer 1", "kind": "room", "parent": "graz-a", "key": "g-1"}
    )
    room = Location.objects.get(key="g-1")
    assert room.parent == Location.objects.get(key="graz-a")
    page = words(karim.get(f"{SETTINGS}/places/graz").text)
    assert page.index("Haus A") < page.index("Zimmer 1")
    sends(karim, f"{SETTINGS}/locations/g-1", "details", de="Zimmer 2", parent="")
    moved = Location.objects.get(key="g-1")
    assert (moved.words["de"], moved.parent_id) == ("Zimmer 2", None)
    sends(karim, f"{SETTINGS}/places/graz?change=site", "details", time_zone="Europe/Berlin")
    graz.refresh_from_db()
    assert graz.time_zone == "Europe/Berlin"
    assert karim.post(f"{SETTINGS}/places/graz/locations", {"de": "X", "kind": "castle"}).status_code == 422
    assert (
        karim.post(f"{SETTINGS}/places/graz/locations", {"de": "X", "kind": "room", "parent": "k-haupt"}).status_code
        == 422
    )
    assert karim.post(f"{SETTINGS}/places/new", sent | {"country": "Austria"}).status_code == 422
    karim.post(f"{SETTINGS}/places/graz/archive")
    graz.refresh_from_db()
    assert graz.archived_at is not None
    karim.post(f"{SETTINGS}/places/graz/archive", {"restore": "1"})
    karim.post(f"{SETTINGS}/locations/g-1/archive")
    assert Location.objects.get(key="g-1").archived_at is not None


# Who may come in.


def test_auditors_read_and_change_nothing(desk: Desk) -> None:
    wolfgang = browser(desk, "wolfgang")
    pages = ("people", "roles", "teams", "teams/it", "departments", "places", "places/koeln", "locations/h-tor-3",
             "categories", "categories/docking")  # fmt: skip
    for page in [*(f"{SETTINGS}/{page}" for page in pages), path(desk, "petra") + "?change=details"]:
        main = wolfgang.get(page).text.partition("<main")[2].partition("</main>")[0]
        # A list may be taken along, which changes nothing.
        assert re.findall(r'<form(?! class="export")[^>]* method="post"[^>]*>', main) == [], page
    assert wolfgang.post(path(desk, "petra", "rights"), {"is_administrator": "1"}).status_code == 404


# Being away, at the desk.


def test_an_agent_enters_the_own_absence_and_ends_it(desk: Desk) -> None:
    anna = browser(desk, "anna")
    assert "/desk/absences" in anna.get("/desk/menu").text
    sent = {"starts_on": today().isoformat(), "ends_on": today().isoformat(), "deputy": "Jonas Klein"}
    anna.post("/desk/absences", sent)
    row = Absence.objects.get()
    assert (row.person, row.deputy) == (desk.person("anna"), desk.person("jonas"))
    assert anna.post("/desk/absences", sent | {"who": str(desk.person("jonas").uid)}).status_code == 422
    jonas = browser(desk, "jonas")
    assert jonas.post(f"/desk/absences/{row.pk}/removal").status_code == 404
    anna.post(f"/desk/absences/{row.pk}/removal")
    assert not Absence.objects.exists()


def test_a_lead_enters_the_absence_of_who_works_in_the_team(desk: Desk) -> None:
    sabine = browser(desk, "sabine")
    sent = {"starts_on": today().isoformat(), "ends_on": today().isoformat(), "deputy": ""}
    sabine.post("/desk/absences", sent | {"who": str(desk.person("anna").uid)})
    assert Absence.objects.get().person == desk.person("anna")
    assert sabine.post("/desk/absences", sent | {"who": str(desk.person("giulia").uid)}).status_code == 422


def test_dispatchers_have_a_list_of_what_lies_with_people_who_are_away(desk: Desk) -> None:
    """P48.1."""
    ticket = desk.ticket("petra", subject="Lies about")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    deniz = browser(desk, "deniz")
    assert "Lies about" not in deniz.get("/desk/absent").text
    actions.add_absence(desk.person("anna"), starts_on=today(), ends_on=today(), actor=desk.actor("anna"))
    assert "Lies about" in deniz.get("/desk/absent").text
    assert "/desk/absent" in deniz.get("/desk/open").text
    assert browser(desk, "claire").get("/desk/absent").text.count("Lies about") == 0
    assert browser(desk, "anna").get("/desk/absent").status_code == 404
