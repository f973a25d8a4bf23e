"""What an agent's mail becomes for the requester: the agent's own words, and nothing of what a program added (P29.2)."""

import pytest

from hauspost.ground.mail.letter import read_letter
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk

WORDS = "Hallo Petra,\n\nder Toner ist da, bitte einmal aus- und einschalten."
QUOTED = "> Interne Notiz: der Vertrag läuft aus.\n> Seite 2"


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's ticket, assigned to Anna, who has been told."""
    found = desk.ticket("petra")
    tickets.assign(found, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    return found


def answered(desk: Desk, text: str) -> str:
    """The text of the mail that Petra gets when Anna answers her notice with this one."""
    notice = desk.sent("notice")[-1]
    reply = desk.letter("anna", subject="Re: notice", text=text, headers={"In-Reply-To": f"<{notice.message_id}>"})
    desk.receives(reply)
    with desk.later(minutes=1):
        desk.works()
    return read_letter(desk.sent("reply")[-1].letter()).text


@pytest.mark.parametrize(
    "signature", ["Von meinem iPhone gesendet", "Sent from my Galaxy", "Gesendet von Outlook für Android"]
)
def test_the_quoted_notice_and_the_telephones_signature_do_not_reach_the_requester(
    desk: Desk, ticket: Ticket, signature: str
) -> None:
    """P29.2"""
    got = answered(
        desk, f"{WORDS}\n\n{signature}\n\nAm 4. März 2026 um 10:12 schrieb Hauspost <it@lindner.example>:\n\n{QUOTED}\n"
    )
    assert all(line in got for line in WORDS.splitlines())
    assert "Vertrag" not in got and signature not in got


def test_what_the_agent_wrote_between_the_lines_reaches_the_requester(desk: Desk, ticket: Ticket) -> None:
    """P29.2, P4: nothing an agent wrote is lost, wherever they wrote it."""
    got = answered(
        desk,
        f"Am 4. März 2026 um 10:12 schrieb Hauspost <it@lindner.example>:\n\n{QUOTED}\nJa, das stimmt.\n> Seite 3\nUnd das nicht.\n",
    )
    assert "Ja, das stimmt." in got and "Und das nicht." in got
