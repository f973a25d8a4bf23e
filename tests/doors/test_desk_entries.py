"""What an entry says of itself at the desk: who wrote it, to whom, and what is folded away."""

import pytest

from hauspost.doors.ui.folding import folded
from tests.desk import Desk
from tests.doors.browsing import browser, words

pytestmark = pytest.mark.django_db


def _entry(desk: Desk, number: int) -> str:
    page = browser(desk, "anna").get(f"/desk/tickets/{number}").text
    return page[page.index('<article class="entry') : page.index("</article>")]


def test_a_mail_under_another_name_than_its_persons_shows_whose_address_it_came_from(desk: Desk) -> None:
    """P22.3: the author's own words are shown, and nobody is taken for another."""
    address = desk.address("petra")
    shown = words(_entry(desk, desk.ticket(f"Jan Fuchs <{address}>").number))
    assert f"Jan Fuchs here known as Petra Lang · {address.replace('@', '@ ')}" in shown
    for same in (f"Petra Lang <{address}>", f'"Lang, Petra" <{address}>', address):
        assert "here known as" not in _entry(desk, desk.ticket(same).number), same


def test_a_folded_signature_is_called_one(desk: Desk) -> None:
    """P4: it is no quotation."""
    entry = _entry(desk, desk.ticket("petra", text="It is broken.\n\n-- \nPetra Lang\nSales, ext. 17\n").number)
    assert words(entry[entry.index("<summary>") : entry.index("</summary>")]) == "Signature"


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>-- <br>Petra Lang<br>Sales, ext. 17</p>", "Signature"),
        ("<p>On 3 March 2026, Anna Weiss wrote:</p><blockquote><p>What is it?</p></blockquote>", "Quoted text"),
        ("<p>-- <br>Petra Lang</p><p>On 3 March 2026, Anna Weiss wrote:<br>&gt; What is it?</p>", "Quoted text"),
        # Its mail program had marked it by a name; which one is not kept.
        ("<div><b>Petra Lang</b><br>Sales</div>", "Quotation or signature"),
        ("<p>-- <br>Petra</p>" + "<p>A long mail.</p>" * 300, "Quoted text"),
    ],
)
def test_what_is_folded_is_called_what_it_is(html: str, said: str) -> None:
    assert folded(html) == said


def test_a_reply_to_a_signed_address_shows_it_without_its_token(desk: Desk) -> None:
    """As the ledger does."""
    ticket = desk.ticket("petra")
    entry = ticket.entries.get()
    entry.recipients = [{"name": "", "address": "it+c.h.zvo.2djr4abcdefg@lindner.example"}]
    entry.save(update_fields=["recipients"])
    shown = _entry(desk, ticket.number)
    assert "to it+…@lindner.example" in words(shown)
    assert "2djr4" not in shown
