"""The guide for programs runs as it stands: its shell and its Python talk to a running Hauspost (P38.1, P38.2)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from hauspost.records.people.actions import TOKEN_SCOPES, give_role
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.calling import integration, token_for

GUIDE = (Path(__file__).parents[2] / "docs/api.md").read_text()


def examples(language: str) -> list[str]:
    """The code of the guide in a language, in its order."""
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def there(code: str, live_server: LiveServer, token: str) -> str:
    """The same for this server and this token."""
    return code.replace("https://help.firma.example", live_server.url).replace("hp_0123456789abcdef", token)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def petra(lasting_desk: Desk) -> str:
    return token_for(lasting_desk.person("petra"))


# The guide says "ticket 1": the numbers begin anew, whatever ran before.
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_the_shell_of_the_guide(lasting_desk: Desk, live_server: LiveServer, petra: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff123")
    [code] = examples("sh")
    for _time in (1, 2):
        said = run(["sh", "-ec", there(code, live_server, petra)], tmp_path)
    assert '"number": 1' in said and "Petra Lang" in said
    # Run twice: the key keeps it from opening a second one.
    ticket = Ticket.objects.get()
    assert ticket.subject == "Till 3 stands still" and ticket.entries.count() == 3
    assert "Till 3 stands still" in (tmp_path / "tickets.csv").read_text()


def test_the_python_of_the_guide(lasting_desk: Desk, live_server: LiveServer, petra: str, tmp_path: Path) -> None:
    [code] = examples("python")
    said = run([sys.executable, "-I", "-c", there(code, live_server, petra)], tmp_path)
    assert "Petra Lang Door 2" in said and "Badge does not open" in said


def test_the_administrators_shell_of_the_guide(lasting_desk: Desk, live_server: LiveServer, tmp_path: Path) -> None:
    """P25.1, S13: a table comes in, the audit log goes out."""
    (tmp_path / "people.csv").write_text(
        "Kennung;Name;E-Mail\nP-2;Noor de Vries;noor.devries@lindner.example\nP-3;Nobody;no address\n"
    )
    give_role(lasting_desk.person("marta"), lasting_desk.team("it"), "agent", actor=lasting_desk.actor("karim"))
    exports = "\n".join(line for line in examples("sh")[0].splitlines() if line.startswith("export"))
    [shell] = examples("sh administrators")
    token = token_for(lasting_desk.person("karim"))
    said = run(["sh", "-ec", there(f"{exports}\n{shell}", live_server, token)], tmp_path)
    assert '"what": "rejected"' in said and '"state": "done"' in said and '"is_on":' in said
    assert Person.objects.get(external_key="P-2").name == "Noor de Vries"
    assert "team.role_given" in (tmp_path / "audit.csv").read_text()


def test_the_monitoring_of_the_guide(lasting_desk: Desk, live_server: LiveServer, tmp_path: Path) -> None:
    """P38.2, end to end."""
    token = token_for(integration(lasting_desk, "Monitoring", it="agent"), "tickets:write")
    [shell], [recipe] = examples("sh monitoring"), examples("python monitoring")
    exports = "\n".join(line for line in examples("sh")[0].splitlines() if line.startswith("export"))
    said = run(["sh", "-ec", there(f"{exports}\n{shell}", live_server, token)], tmp_path)
    assert '"outcome": "opened"' in said and '"outcome": "resolved"' in said
    helpers = examples("python")[0].partition("\nopened = ")[0]
    said = run([sys.executable, "-I", "-c", there(f"{helpers}\n{recipe}", live_server, token)], tmp_path)
    assert said.split() == ["opened", "resolved"]
    assert [one.state for one in Ticket.objects.order_by("number")] == ["resolved", "resolved"]


def test_the_guide_names_every_scope() -> None:
    assert [scope for scope in TOKEN_SCOPES if f"`{scope}`" not in GUIDE] == []
