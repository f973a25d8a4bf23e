"""Two hundred hostile mails in a real browser, on every page that shows them: nothing runs, nothing is fetched (S1, P46.1)."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from hauspost.duties.intake.models import Delivery
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.browser.conftest import DESKTOP, Visitor
from tests.browser.payloads import HOST, PAYLOADS, SHORT
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
AT_ONCE = 40


def hostile_mail(bodies: list[str], name: str, subject: str, file_name: str) -> bytes:
    """An HTML mail with many attempts in its body, and one each in name, subject and file name."""
    mail = EmailMessage()
    mail["From"] = '"x" <mira.kowalski@lindner.example>'
    mail["To"] = "it@lindner.example"
    mail["Subject"] = subject.replace("\t", " ")
    mail["Message-ID"] = f"<{abs(hash(subject))}@mail.example>"
    html = "<html><body>" + "".join(f"<p>{body}</p>" for body in bodies) + "<p>last words</p></body></html>"
    mail.set_content(html.encode("utf-8", "replace"), "text", "html")
    mail.add_attachment(b"x", "text", "plain", filename="attachment.txt")
    raw = mail.as_bytes()
    encoded = name.encode("utf-8", "replace").hex().upper()
    quoted = "".join(f"={encoded[at : at + 2]}" for at in range(0, len(encoded), 2))
    return raw.replace(b"From: x <", f"From: =?utf-8?q?{quoted}?= <".encode()).replace(
        b'filename="attachment.txt"',
        b"filename*=utf-8''" + "".join(f"%{byte:02X}" for byte in file_name.encode()).encode(),
    )


@pytest.fixture
def attacked(lasting_desk: Desk) -> list[Ticket]:
    """Tickets full of attempts: in bodies, subjects, names, file names, notes, tags."""
    tickets = []
    for place in range(0, len(PAYLOADS), AT_ONCE):
        short = SHORT[(place // AT_ONCE) % len(SHORT) :: 7]
        raw = hostile_mail(PAYLOADS[place : place + AT_ONCE], short[0], short[1], short[2])
        delivery = lasting_desk.receives(raw)
        assert delivery.ticket is not None, (delivery.disposition, delivery.because)
        tickets.append(Ticket.objects.get(number=delivery.ticket))
    anna = lasting_desk.actor("anna")
    for ticket, text in zip(tickets, SHORT[3::11], strict=False):
        files = [NewFile(text, "text/html", b"<script>window.pwned=1</script>")]
        actions.note(ticket, Writing(text="\n".join(PAYLOADS[:60]), files=files), actor=anna)
        actions.tag(ticket, text[:60], actor=anna)
        actions.change_subject(ticket, text, actor=anna)
    return tickets


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 200
    assert len(SHORT) >= 100


def test_nothing_runs_and_nothing_is_fetched(visit: Visit, lasting_desk: Desk, attacked: list[Ticket]) -> None:
    """S1, P46.1, S26."""
    deniz = visit("deniz", DESKTOP)
    # Not a complaint of ours: the policy itself reports what a mail tried in its sandbox.
    delivery = Delivery.objects.order_by("id").values_list("id", flat=True)[0]
    entry = attacked[0].entries.get(seq=1)
    paths = [
        "/desk/open", "/desk/triage", "/desk/search?q=script", "/desk/search?q=last+words", "/desk/mailroom",
        f"/desk/mailroom/{delivery}", f"/desk/tickets/{attacked[0].number}/entries/{entry.id}/original",
        *(f"/desk/tickets/{ticket.number}?list=open" for ticket in attacked),
        *(f"/desk/triage/{ticket.number}" for ticket in attacked),
    ]  # fmt: skip
    for path in paths:
        page = deniz.opens(path)
        assert page.evaluate("window.pwned") is None, path
        if path == f"/desk/tickets/{attacked[0].number}?list=open":
            # What stands behind the attempts is still read; some odd ones swallow it, as they do in a mail program.
            assert page.get_by_text("last words").count() > 0, path
        assert page.url == deniz.base + path or "triage" in path, page.url
        outside = [url for url in deniz.requests if not url.startswith((deniz.base, "data:", "about:"))]
        assert not outside, (path, outside[:3])
        assert page.locator(".letter [id], .letter [name]").count() == 0, path
        assert (
            page.locator(".letter form, .letter iframe, .letter script, .letter style, .letter [hx-get]").count() == 0
        ), path
        layout = page.locator("nav.rail").bounding_box()
        assert layout is not None
        assert layout["width"] > 150, path
        box = page.locator("[href^='javascript'], [href^='vbscript'], [href^='data:']").count()
        assert box == 0, path
    assert not [url for url in deniz.requests if HOST in url]
    deniz.complaints.clear()


def test_the_portal_is_as_safe(visit: Visit, lasting_desk: Desk, attacked: list[Ticket]) -> None:
    mira = visit("mira")
    for path in ("/my-tickets", *(f"/my-tickets/{ticket.number}" for ticket in attacked)):
        page = mira.opens(path)
        assert page.evaluate("window.pwned") is None, path
    assert all(url.startswith((mira.base, "data:")) for url in mira.requests)


def test_a_file_that_claims_to_be_a_page_is_a_download(
    visit: Visit, lasting_desk: Desk, attacked: list[Ticket]
) -> None:
    """S2."""
    deniz = visit("deniz")
    note = attacked[0].entries.get(kind="note")
    file = note.attachments.get()
    answer = deniz.page.request.get(
        f"{deniz.base}/desk/tickets/{attacked[0].number}/files/{file.id}?inline=1",
        headers={"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in deniz.page.context.cookies())},
    )
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["content-security-policy"]
