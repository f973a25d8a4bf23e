"""People, teams and places in a real browser: without barriers on a phone and on a desk, by keyboard, without script."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hauspost.records.catalogue.models import Category
from hauspost.records.people import actions
from hauspost.records.people.absences import today
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Membership
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_pages import Visit, check
from tests.desk import Desk

pytestmark = pytest.mark.browser
SETTINGS = "/desk/settings"


def administrator(desk: Desk) -> None:
    actions.change_person(desk.person("karim"), is_administrator=True, actor=SYSTEM)


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_people_teams_and_places(visit: Visit, busy_desk: Desk, device: dict[str, Any]) -> None:
    """P42.1, P43.1, P44.1."""
    administrator(busy_desk)
    day = today() + timedelta(days=1)
    anna, petra = busy_desk.person("anna"), busy_desk.person("petra")
    actions.add_absence(anna, starts_on=today(), ends_on=day, deputy=busy_desk.person("jonas"), actor=SYSTEM)
    actions.deactivate(busy_desk.person("mira"), actor=SYSTEM)
    person = f"{SETTINGS}/people/{anna.uid}"
    check(
        visit("karim", device),
        [
            f"{SETTINGS}/", f"{SETTINGS}/people", f"{SETTINGS}/people?words=nobody", f"{SETTINGS}/people?team=it&kind=all",
            f"{SETTINGS}/people/new", person,
            *(f"{person}?change={card}" for card in ("details", "place", "rights", "address", "role", "absence")),
            f"{person}/history", f"{person}/sight?ticket=1", f"{person}/deactivation",
            f"{person}/merging?into=petra.lang@lindner.example", f"{SETTINGS}/people/{busy_desk.person('mira').uid}",
            *(f"{SETTINGS}/people/together?change={what}&uid={anna.uid}&uid={petra.uid}"
              for what in ("department", "site", "role", "deactivation")),
            f"{SETTINGS}/roles", f"{SETTINGS}/teams", f"{SETTINGS}/teams/new",
            *(f"{SETTINGS}/teams/it{card}" for card in ("", "?change=ways", "?change=member", "?change=mailbox")),
            f"{SETTINGS}/departments", f"{SETTINGS}/departments/new", f"{SETTINGS}/departments/it",
            f"{SETTINGS}/categories", f"{SETTINGS}/categories/new?parent=access", f"{SETTINGS}/categories/docking",
            f"{SETTINGS}/places", f"{SETTINGS}/places/new",
            *(f"{SETTINGS}/places/koeln{card}" for card in ("", "?change=site", "?change=location")),
            f"{SETTINGS}/locations/k-204", f"{SETTINGS}/import",
        ],
    )  # fmt: skip
    check(visit("sabine", device), ["/desk/absences", "/desk/absent", "/desk/menu"])


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_an_import_from_the_file_to_the_result(
    visit: Visit, busy_desk: Desk, device: dict[str, Any], tmp_path: Path
) -> None:
    administrator(busy_desk)
    file = tmp_path / "people.csv"
    file.write_text(
        "Personalnummer;Name;E-Mail;Abteilung;Bemerkung\nP-1;Petra Lang;petra.lang@lindner.example;Einkauf;x\n"
        "P-2;Noor de Vries;noor@lindner.example;Forschung;y\nP-3;Niemand;keine Adresse;Lager;z\n",
        encoding="utf-8",
    )
    karim = visit("karim", device)
    page = karim.opens(f"{SETTINGS}/import")
    page.set_input_files("input[type=file]", file)
    page.locator("form.box button").first.click()
    page.get_by_text("Noor de Vries").first.wait_for()
    wrong = [*karim.barriers(), *karim.too_wide()]
    page.locator("form[method=post] button").last.click()
    page.locator("ul.sums").wait_for()
    assert [*wrong, *karim.barriers(), *karim.too_wide()] == []


def test_a_role_is_given_by_keyboard_alone(visit: Visit, busy_desk: Desk) -> None:
    """P43.1."""
    administrator(busy_desk)
    mira = busy_desk.person("mira")
    page = visit("karim").opens(f"{SETTINGS}/people/{mira.uid}?change=role")
    assert page.evaluate("document.activeElement.name") == "team", "the form's first field has the focus"
    page.keyboard.type("IT")
    page.keyboard.press("Tab")
    page.keyboard.type("disp")
    for _ in range(3):
        page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.type") != "submit":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    row = Membership.objects.get(person=mira)
    assert (row.team.key, row.role) == ("it", "dispatcher")


def test_a_category_is_moved_by_keyboard_alone(visit: Visit, busy_desk: Desk) -> None:
    """P43.1."""
    administrator(busy_desk)
    page = visit("karim").opens(f"{SETTINGS}/categories/docking")
    for goal, typed in (("name === 'parent'", "Access"), ("type === 'submit'", "")):
        while not page.evaluate(
            f"document.activeElement.form?.querySelector('[name=parent]') && document.activeElement.{goal}"
        ):
            page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert Category.objects.get(key="docking").path_key == "access/docking"


def test_a_person_is_found_chosen_and_changed_without_script(visit: Visit, busy_desk: Desk) -> None:
    administrator(busy_desk)
    page = visit("karim", java_script_enabled=False).opens(f"{SETTINGS}/people")
    page.get_by_label("Name, address or key").fill("petra")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Choose Petra Lang").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("combobox", name="Department").select_option("sales")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("1 person was changed.").wait_for()
    petra = busy_desk.person("petra")
    petra.refresh_from_db()
    assert petra.department is not None
    assert petra.department.key == "sales"
