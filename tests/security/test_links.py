"""What a person-bound link shows and does: its one ticket's public record, whoever holds it, and nothing else (S12)."""

import pytest
from django.test import Client

from hauspost.records.people.actions import make_ticket_link
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Attachment, Ticket
from tests.security.planting import Field
from tests.security.test_matrix import body_of, changed, dump, field, report, taken_back, without_asked

__all__ = ["field"]
pytestmark = pytest.mark.django_db


def links(field: Field) -> dict[str, str]:
    """For every planted ticket the link of its requester."""
    return {
        key: f"/t/{make_ticket_link(Ticket.objects.get(number=one.number).requester, one.number)}"
        for key, one in field.tickets.items()
    }


def visitor() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.raise_request_exception = False
    return client


def test_a_link_tells_its_tickets_public_words_alone(field: Field) -> None:
    """P6.2, P11.1, P11.4: no note, tag, held mail, assignee, and no word of any other ticket, also of the same person."""
    faults: list[str] = []
    with taken_back():
        opened = links(field)
        for key, link in opened.items():
            one = field[key]
            public = {*one.head_words, *one.mail_words, *one.late_words}
            client = visitor()
            files = Attachment.objects.values_list("id", "entry__ticket", "entry__is_public")
            before = dump()
            answer = client.get(link)
            heard = without_asked(body_of(answer), link)
            assert answer.status_code == 200, key
            faults += [f"{key} tells {word}" for word in field.all_words() - public if word in heard]
            faults += [f"{key} does not tell {word}" for word in one.head_words if word not in heard]
            for id_, ticket, is_public in files:
                got = client.get(f"{link}/files/{id_}")
                expected = 200 if ticket == one.number and is_public else 404
                faults += [f"{key} file {id_}: {got.status_code}"] if got.status_code != expected else []
                if expected == 404:
                    told = body_of(got)
                    faults += [f"{key} file {id_} tells {word}" for word in field.all_words() if word in told]
            faults += [f"opening {key} changed {one}" for one in changed(before, dump())]
            assert not client.cookies
    report(faults)


def test_a_link_is_no_way_to_any_other_page(field: Field) -> None:
    with taken_back():
        link = links(field)["it"]
        client = visitor()
        client.get(link)
        client.post(f"{link}/answers", {"text": "An answer"})
        for path in (
            "/my-tickets",
            "/ask",
            "/me",
            f"/my-tickets/{field['it'].number}",
            f"/desk/tickets/{field['it'].number}",
        ):
            answer = client.get(path)
            assert answer.status_code == 302, path
            assert "sign-in" in answer["Location"]


def test_a_link_of_somebody_who_left_or_was_merged_is_dead(field: Field) -> None:
    with taken_back():
        link = links(field)["it"]
        petra = field["it"].ticket.requester
        for ended in ({"deactivated_at": petra.created_at}, {"merged_into": field.desk.person("marta")}):
            Person.objects.filter(pk=petra.pk).update(**ended)
            answer = visitor().get(link)
            assert answer.status_code == 404
            told = body_of(answer)
            assert [word for word in field.all_words() if word in told] == []
            Person.objects.filter(pk=petra.pk).update(deactivated_at=None, merged_into=None)
        assert visitor().get(link).status_code == 200
