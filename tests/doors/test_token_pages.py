"""Access for programs on the pages: one's own tokens, and those of integrations."""

import re

import pytest
from django.test import Client

from hauspost.ground.history.models import Event
from hauspost.records.people.actions import give_role, set_password
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import AccessToken, Person
from tests.desk import Desk
from tests.doors.browsing import browser, words
from tests.doors.calling import Program, token_for

PASSWORD = "a good long password"


def confirmed(desk: Desk, name: str) -> Client:
    """Somebody who has just proven again who sits there."""
    set_password(desk.person(name), PASSWORD, actor=SYSTEM)
    client = browser(desk, name)
    client.post("/me/security/confirmation", {"step": "password", "password": PASSWORD})
    return client


def secret_on(page: str) -> str:
    found = re.search(r'value="(hp_[a-z2-7]{32})"', page)
    assert found is not None, words(page)
    return found[1]


def test_a_person_makes_a_token_and_revokes_it(desk: Desk) -> None:
    """P38.1, S12: the secret is shown once."""
    anna = confirmed(desk, "anna")
    form = {"name": "Report script", "scopes": ["tickets:read", "record:read"], "days": "30"}
    made = anna.post("/me/tokens/new", form)
    clear = secret_on(made.text)
    assert made["Cache-Control"].startswith("max-age=0")
    program = Program(clear)
    me = program.get("me")
    assert (me["name"], me["token"]["scopes"]) == (desk.person("anna").name, ["record:read", "tickets:read"])
    page = anna.get("/me/tokens").text
    assert "Report script" in page and clear not in page and clear[:12] in page
    row = AccessToken.objects.get()
    assert clear[3:] not in row.token_hash
    assert anna.post(f"/me/tokens/{row.id}/removal").status_code == 302
    assert program.ask("GET", "me").status_code == 401
    assert "revoked" in words(anna.get("/me/tokens").text)
    kinds = Event.objects.filter(kind__startswith="token.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["token.given", "token.revoked"]


def test_who_sits_there_is_asked_again(desk: Desk) -> None:
    """A session left open makes no token that lives for a year."""
    anna = browser(desk, "anna")
    assert anna.get("/me/tokens/new")["Location"].startswith("/me/security/confirmation?next=%2Fme%2Ftokens%2Fnew")
    answer = anna.post("/me/tokens/new", {"name": "x", "scopes": "tickets:read", "days": "30"})
    assert answer.status_code == 302 and not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "scopes": "tickets:read", "days": "30"}, "Write what the token is for"),
        ({"name": "x", "days": "30"}, "Choose at least one of"),
        ({"name": "x", "scopes": "tickets:read", "days": "99999"}, "Choose one of the list"),
        ({"name": "x", "scopes": "places:write", "days": "30"}, "Choose at least one of"),
    ],
)
def test_what_cannot_be_taken_comes_back(desk: Desk, form: dict[str, str], said: str) -> None:
    answer = confirmed(desk, "anna").post("/me/tokens/new", form)
    assert answer.status_code == 422 and said in words(answer.text)
    assert not form["name"] or 'value="x"' in answer.text
    assert not AccessToken.objects.exists()


def test_an_employee_is_offered_what_an_employee_can_use(desk: Desk) -> None:
    page = confirmed(desk, "petra").get("/me/tokens/new").text
    assert 'value="tickets:write"' in page
    assert not any(scope in page for scope in ("mail:read", "people:write", "record:read", "places:write"))
    assert "/me/tokens" in browser(desk, "petra").get("/me").text
    assert "/me/tokens" in browser(desk, "anna").get("/desk/menu").text


def test_nobody_revokes_the_token_of_another(desk: Desk) -> None:
    """S5."""
    token_for(desk.person("anna"))
    row = AccessToken.objects.get()
    assert browser(desk, "petra").post(f"/me/tokens/{row.id}/removal").status_code == 404
    assert browser(desk, "anna").post(f"/desk/settings/programs/tokens/{row.id}/removal").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_an_administrator_lets_a_program_in(desk: Desk) -> None:
    """P38.1: an integration with its role and its token."""
    karim = confirmed(desk, "karim")
    there = karim.post("/desk/settings/programs", {"name": "Monitoring"})["Location"]
    program = Person.objects.get(is_integration=True)
    assert there == f"/desk/settings/programs/{program.uid}"
    assert "the program cannot act" in karim.get(there).text
    made = karim.post(f"{there}/tokens", {"name": "host7", "scopes": ["tickets:write", "places:read"], "days": ""})
    clear = secret_on(made.text)
    assert Program(clear).get("me")["is_integration"] is True
    give_role(program, desk.team("it"), "agent", actor=SYSTEM)
    page = karim.get(there).text
    assert "host7" in page and clear not in page and "without an end" in page
    assert "Monitoring" in karim.get("/desk/settings/programs").text
    row = AccessToken.objects.get()
    assert karim.post(f"/desk/settings/programs/tokens/{row.id}/removal")["Location"] == there
    assert Program(clear).ask("GET", "me").status_code == 401
    assert karim.post("/desk/settings/programs", {"name": " "}).status_code == 422


def test_an_administrator_sees_and_revokes_the_tokens_of_people(desk: Desk) -> None:
    clear = token_for(desk.person("anna"), name="Old laptop")
    karim = browser(desk, "karim")
    page = karim.get("/desk/settings/programs").text
    assert "Old laptop" in page and desk.person("anna").name in page
    row = AccessToken.objects.get()
    assert karim.post(f"/desk/settings/programs/tokens/{row.id}/removal")["Location"] == "/desk/settings/programs"
    assert Program(clear).ask("GET", "me").status_code == 401
    assert "Old laptop" not in words(karim.get("/desk/settings/programs").text.partition("Tokens of people")[2])
    person = desk.person("petra").uid
    assert karim.get(f"/desk/settings/programs/{person}").status_code == 404
