"""The audit log, the ticket as of any moment, and its dossier, through the pages and the command."""

import csv
import re
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import transaction

from hauspost.doors.cli import record as commands
from hauspost.duties.dossiers.actions import make_dossier
from hauspost.duties.privacy.audit_words import GROUPS, TOLD
from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor, rule
from hauspost.records.people.models import Mailbox
from hauspost.records.tickets import actions
from hauspost.records.tickets.actions.expiring import expire
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words

ROOT = Path(__file__).parents[2]


def page(desk: Desk, address: str, name: str = "karim") -> str:
    """What an administrator reads there."""
    answer = administrator(desk, name).get(address)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_who_changed_roles_and_people_stands_in_the_log(desk: Desk) -> None:
    """Who, what, about whom, and the values before and after."""
    people.give_role(desk.person("marta"), desk.team("it"), "agent", actor=desk.actor("karim"))
    people.rename(desk.person("petra"), "Petra Lang-Weber", actor=desk.actor("karim"))
    read = page(desk, "/desk/settings/audit")
    assert "Karim Haddad gave a role Person: Marta Nowak Role: agent" in read
    assert "Person: Marta Nowak" in page(desk, "/desk/settings/teams/it")
    answer = administrator(desk).post("/desk/settings/audit/export", {"group": "roles"})
    file = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert [line for line in file.splitlines() if "team.role_given" in line and "Marta Nowak" in line]
    assert "Petra Lang-Weber" in read
    assert "gave a role" not in page(desk, "/desk/settings/audit?group=people&words=Petra")
    assert "Nothing found" in page(desk, "/desk/settings/audit?who=Marta+Nowak")
    tomorrow = (clock.now() + timedelta(days=1)).date()
    assert "gave a role" not in page(desk, f"/desk/settings/audit?since={tomorrow.isoformat()}")


def test_whoever_looks_at_settings_or_people_is_seen_too(desk: Desk) -> None:
    """Once an hour a reader and thing, not once a click."""
    client = administrator(desk)
    petra = desk.person("petra")
    for _ in range(3):
        assert client.get(f"/desk/settings/people/{petra.uid}").status_code == 200
    assert Event.objects.filter(stream__name=petra.stream, kind="person.seen").count() == 1
    with desk.later(hours=2):
        administrator(desk).get(f"/desk/settings/people/{petra.uid}")
    assert Event.objects.filter(stream__name=petra.stream, kind="person.seen").count() == 2
    page(desk, "/desk/settings/audit")
    read = page(desk, "/desk/settings/audit?group=seen")
    assert "Karim Haddad looked at the person" in read
    assert "looked at this page" in read


def test_the_log_leaves_as_csv_and_that_is_recorded(desk: Desk) -> None:
    """S15: no cell becomes a formula."""
    people.rename(desk.person("petra"), "=1+1", actor=desk.actor("karim"))
    answer = administrator(desk).post("/desk/settings/audit/export", {"words": "person.changed"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "person.changed" in text
    assert '"=1+1"' not in text
    assert Event.objects.filter(kind="audit.exported").count() == 1


def test_changed_values_are_told_as_somebody_reads_them(desk: Desk) -> None:
    """Lines apart, sizes in MB, fields and settings in words, what was beside what is."""
    box = Mailbox.objects.get(address__address=desk.address("it"))
    people.change_mailbox(
        box, signature={"en": "Your IT service\nExtension 4711"}, size_limit_bytes=1_000_000, actor=SYSTEM
    )
    people.change_person(desk.person("petra"), external_key="P-1", actor=desk.actor("karim"))
    people.change_person(desk.person("petra"), external_key="P-2", actor=desk.actor("karim"))
    read = page(desk, "/desk/settings/audit")
    assert "signature: Your IT service | Extension 4711" in read
    assert "largest mail: as for the whole desk → 1.0 MB" in read
    assert "Key in another system: P-1 → P-2" in read and "Key in another system: P-1" in read
    assert f"Intake address · {desk.address('it')}" in read


def test_the_file_of_the_log_says_whose_import_it_was(desk: Desk) -> None:
    """The same words as on the page, for what was deactivated as well."""
    importer = Actor(kind="import", name="people", via="import", on_behalf_of=desk.person("karim"))
    people.rename(desk.person("petra"), "Petra Lang-Weber", actor=importer)
    people.deactivate(desk.person("petra"), actor=importer)
    assert "Karim Haddad, by an import deactivated" in page(desk, "/desk/settings/audit")
    answer = administrator(desk).post("/desk/settings/audit/export", {"group": "people"})
    rows = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines(), delimiter=";"))  # type: ignore[attr-defined]
    told = {row[3]: row[1] for row in rows if row[2] == "import"}
    assert told == dict.fromkeys(["person.changed", "person.deactivated"], "Karim Haddad, by an import")


def test_the_log_names_no_confidential_ticket_and_nobody_of_an_emptied_one(desk: Desk) -> None:
    """P33.3, P41.1: neither on the page, nor in the CSV, nor by looking for the person's name."""
    secret, open_one = desk.ticket("petra", to="hr"), desk.ticket("marta")
    actions.assign(secret, desk.person("giulia"), actor=desk.actor("giulia"))
    actions.assign(open_one, desk.person("anna"), actor=desk.actor("anna"))
    for ticket in (secret, open_one):
        row = Ticket.objects.with_names().get(number=ticket.number)
        actions.set_status(
            row, status_of("closed"), actor=desk.actor("giulia" if row.number == secret.number else "anna")
        )
        with transaction.atomic():
            expire(Ticket.objects.with_people().get(number=row.number), with_subject=True, actor=rule("retention"))
    read = page(desk, "/desk/settings/audit?group=privacy")
    assert f"#{open_one.number}" in read
    assert f"#{secret.number}" not in read
    answer = administrator(desk).post("/desk/settings/audit/export", {"group": "privacy"})
    file = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert f"#{open_one.number}" in file
    assert f"#{secret.number}" not in file
    marta, anna = desk.person("marta"), desk.person("anna")
    for told in (read, file):
        assert not [one for one in (marta.name, anna.name, str(marta.uid), str(anna.uid)) if one in told]
    assert "Nothing found" in page(desk, f"/desk/settings/audit?group=privacy&words={marta.name}")


def test_its_filter_and_columns_mean_in_german_what_they_mean_here(desk: Desk) -> None:
    """P44.1: "To" is a day and no recipient, "About" is what it was about and not where a mail came from."""
    read = words(browser(desk, "wolfgang", language="de").get("/desk/settings/audit?since=2020-01-01").text)
    assert "Von" in read
    assert not re.search(r"\bVon An\b", read)
    assert "Herkunft" not in read


def test_nobody_else_reads_the_log(desk: Desk) -> None:
    """S5."""
    assert browser(desk, "deniz").get("/desk/settings/audit").status_code == 404
    assert browser(desk, "wolfgang").get("/desk/settings/audit").status_code == 200


def test_every_kind_of_event_has_its_words() -> None:
    """P44.1: what is recorded of settings and people is told in words, not in our code's names."""
    kinds = set()
    for path in (ROOT / "hauspost").rglob("*.py"):
        kinds |= set(re.findall(r"\brecord\(\s*\"([a-z_]+\.[a-z_]+)\"", path.read_text()))
    prefixes = tuple(prefix for _words, all_of in GROUPS.values() for prefix in all_of)
    assert sorted(kind for kind in kinds if kind.startswith(prefixes) and kind not in TOLD) == []


def test_the_page_shows_the_ticket_as_it_stood(desk: Desk) -> None:
    with desk.later(minutes=1):
        ticket = desk.ticket("petra", subject="Drucker klemmt")
    moment = clock.now() + timedelta(minutes=30)
    with desk.later(hours=1):
        actions.change_subject(ticket, "Papierstau am Tor 3", actor=desk.actor("deniz"))
        actions.assign(ticket, desk.person("deniz"), actor=desk.actor("deniz"))
    with desk.later(hours=2):
        client = browser(desk, "deniz")
        then = words(client.get(f"/desk/tickets/{ticket.number}/as-of", {"at": moment.isoformat()}).content.decode())
        assert "Drucker klemmt" in then
        assert "Papierstau" not in then
        assert "Papierstau am Tor 3" in words(client.get(f"/desk/tickets/{ticket.number}/as-of").content.decode())
        early = client.get(f"/desk/tickets/{ticket.number}/as-of", {"at": "2001-01-01T00:00"})
        assert "The ticket did not exist yet" in words(early.content.decode())
        wrong = client.get(f"/desk/tickets/{ticket.number}/as-of", {"at": "yesterday"})
        assert wrong.status_code == 422
        assert "give day and time" in words(wrong.content.decode())


def test_a_lead_takes_a_dossier_out_of_the_page(desk: Desk) -> None:
    ticket = desk.ticket("petra")
    assert browser(desk, "deniz").post(f"/desk/tickets/{ticket.number}/dossier").status_code == 403
    answer = browser(desk, "wolfgang").post(f"/desk/tickets/{ticket.number}/dossier")
    assert answer["Content-Disposition"] == f'attachment; filename="ticket-{ticket.number}.zip"'
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert "manifest.json" in zipfile.ZipFile(BytesIO(content)).namelist()
    assert Event.objects.filter(stream__name=ticket.stream, kind="ticket.dossier_made").count() == 1


@pytest.mark.parametrize("damage", [False, True])
def test_the_command_checks_a_dossier_anywhere(desk: Desk, tmp_path: Path, damage: bool) -> None:
    """In a folder without any Hauspost."""
    path = make_dossier(desk.ticket("petra"), tmp_path / "ticket.zip", actor=SYSTEM)
    if damage:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("more.txt", "added")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = CliRunner().invoke(commands.record, ["verify", str(path)], obj=elsewhere, standalone_mode=False)
    assert told.return_value == int(damage)
    assert ("BROKEN  more.txt was added" if damage else "Everything holds") in told.output
