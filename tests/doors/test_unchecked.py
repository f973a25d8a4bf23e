"""The list of what is to be checked: whoever runs the mail room lets in, marks as spam, and sees only their own (P35.1)."""

import pytest
from django.test import Client

from hauspost.duties.intake.models import Delivery
from hauspost.records.people import actions
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox, Person
from tests.desk import Desk
from tests.doors.browsing import browser, words

pytestmark = pytest.mark.django_db
LIST = "/desk/mailroom/unchecked"


@pytest.fixture
def strangers(desk: Desk) -> list[Delivery]:
    """Three mails of strangers to IT, which welcomes known people only."""
    box = Mailbox.objects.get(address__address=desk.address("it"))
    actions.change_mailbox(box, actor=SYSTEM, welcomes="people")
    found = [
        desk.receives(desk.letter(f"x{number}@elsewhere.example", subject=f"Offer {number}")) for number in range(3)
    ]
    assert {one.disposition for one in found} == {"unchecked"}
    return found


@pytest.fixture
def deniz(desk: Desk) -> Client:
    return browser(desk, "deniz")


def test_mail_is_let_in_marked_as_spam_and_discarded(deniz: Client, desk: Desk, strangers: list[Delivery]) -> None:
    """P35.1, P35.2: a person is made of the sender only when somebody lets the mail in."""
    assert not Person.objects.filter(addresses__address__contains="elsewhere").exists()
    page = words(deniz.get(LIST).text)
    assert "Offer 0" in page and "its sender is not known here" in page and "To be checked" in page
    one, two, three = (row.id for row in strangers)
    deniz.post(f"{LIST}/judging", {"delivery": [one], "verdict": "accept"})
    deniz.post(f"{LIST}/judging", {"delivery": [two], "verdict": "spam"})
    answer = deniz.post(f"{LIST}/judging", {"delivery": [three, "x", "99999"], "verdict": "discard"}, follow=True)
    assert "1 mail was discarded." in words(answer.text) and "Nothing to be checked" in answer.text
    desk.works()
    assert [Delivery.objects.get(id=one).disposition for one in (one, two, three)] == ["ticket", "spam", "discarded"]
    assert Person.objects.filter(addresses__address="x0@elsewhere.example").exists()
    assert "Choose at least one mail" in words(deniz.post(f"{LIST}/judging", {"verdict": "spam"}, follow=True).text)


def test_another_teams_mail_is_not_there(desk: Desk, strangers: list[Delivery]) -> None:
    """P11.1, S5."""
    giulia = browser(desk, "giulia")
    actions.give_role(desk.person("giulia"), desk.team("hr"), "dispatcher", actor=SYSTEM)
    giulia = browser(desk, "giulia")
    assert "Offer" not in giulia.get(LIST).text
    giulia.post(f"{LIST}/judging", {"delivery": [strangers[0].id], "verdict": "accept"})
    strangers[0].refresh_from_db()
    assert strangers[0].disposition == "unchecked"
    assert browser(desk, "anna").get(LIST).status_code == 404


def test_one_mail_is_judged_on_its_own_page(deniz: Client, strangers: list[Delivery]) -> None:
    page = deniz.get(f"/desk/mailroom/{strangers[0].id}").text
    assert 'value="accept"' in page and 'value="spam"' in page and "Try again" not in words(page)
