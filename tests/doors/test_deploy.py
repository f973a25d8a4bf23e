"""What is shipped in deploy/ for systemd, containers and Prometheus fits the program (issue 3, point 5)."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from django.test import Client

from hauspost.doors.cli.main import cli
from hauspost.doors.worker import census
from hauspost.ground.config import Config
from tests.desk import Desk
from tests.doors._running import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
UNITS = sorted([*DEPLOY.glob("systemd/*.service"), *DEPLOY.glob("systemd/*.t*r")])
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
# Above this number systemd itself speaks of a medium exposure.
MOST_EXPOSED = 20


def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        words = "systemd-analyze is missing: apt-get install --no-install-recommends systemd"
        if os.environ.get("CI") or os.geteuid() == 0:
            pytest.fail(words)
        pytest.skip(words)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would lie in /etc/systemd/system, their program here."""
    for unit in DEPLOY.glob("systemd/hauspost*"):
        name = unit.name.replace("@.", "@8001.")
        (tmp_path / name).write_text(unit.read_text().replace("/opt/hauspost/bin/hauspost", sys.executable))
    return tmp_path


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_every_unit(unit: Path, installed: Path) -> None:
    name = unit.name.replace("@.", "@8001.")
    arguments = [analyze(), "verify", "--man=no", "--recursive-errors=no", str(installed / name)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{installed}:"}
    )
    assert done.returncode == 0 and name not in done.stderr, done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_service_is_locked_in(unit: Path, installed: Path) -> None:
    name = unit.name.replace("@.", "@8001.")
    arguments = [
        analyze(),
        "security",
        "--offline=true",
        f"--threshold={MOST_EXPOSED}",
        "--no-pager",
        str(installed / name),
    ]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_service_starts_a_command_that_is_there(unit: Path) -> None:
    [line] = re.findall(
        r"^ExecStart=/opt/hauspost/bin/hauspost --folder /var/lib/hauspost (.+)$", unit.read_text(), re.MULTILINE
    )
    command = cli.get_command(cli.make_context("hauspost", ["--help"], resilient_parsing=True), line.split()[0])
    assert command is not None
    known = {option for one in command.params for option in one.opts}
    assert set(line.split()[1:]) <= known


def test_the_parts_are_locked_in_like_the_whole() -> None:
    """One list of restrictions in several files: they must not drift apart."""
    lists = {
        unit.name: sorted(
            line for line in unit.read_text().split("UMask=", 1)[1].splitlines() if "=" in line and line[0].isupper()
        )
        for unit in SERVICES
    }
    whole = [line for line in lists["hauspost.service"] if not line.startswith("WantedBy")]
    for name, found in lists.items():
        assert [line for line in found if not line.startswith("WantedBy")] == whole, name


def test_a_container_needs_no_secret_and_no_root() -> None:
    text = (DEPLOY / "container/Containerfile").read_text()
    assert not re.search(r"(?i)(password|secret|token|key)\s*=", text)
    assert text.index("USER hauspost") < text.index("ENTRYPOINT")
    assert re.findall(r"^VOLUME (.+)$", text, re.MULTILINE) == ["/data"]
    settings = re.findall(r"HAUSPOST_(\w+)=", text)
    assert {name.lower() for name in settings} - {"folder"} <= set(Config.__dataclass_fields__)
    copied = {part for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for part in line.split()[:-1]}
    kept = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept and all((REPOSITORY / part).exists() for part in copied)


def test_the_containers_command_is_that_of_the_package() -> None:
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"hauspost": "hauspost.doors.cli.main:main"}
    assert "from hauspost.doors.cli.main import main\\nmain()" in (DEPLOY / "container/Containerfile").read_text()


@pytest.mark.django_db
def test_every_alert_asks_for_a_number_that_is_there(client: Client, desk: Desk) -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/hauspost.rules.yml").read_text())
    figures = (REPOSITORY / "hauspost/doors/health/figures.py").read_text()
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"].endswith(".")
            for name in re.findall(r"hauspost_\w+", rule["expr"]):
                assert f'"{name.removesuffix("_total")}"' in figures, rule["alert"]


@pytest.mark.django_db
def test_every_number_is_explained(client: Client, desk: Desk) -> None:
    desk.ticket("petra")
    for _look in range(3):
        census.count()
    census.count_all()
    told = set(re.findall(r"^# TYPE (hauspost_\w+)", client.get("/metrics").text, re.MULTILINE))
    explained = set(
        re.findall(r"^\| `(hauspost_\w+)` \|", (REPOSITORY / "docs/deploying.md").read_text(), re.MULTILINE)
    )
    late = {"hauspost_seal_age_seconds", "hauspost_backup_age_seconds", "hauspost_backup_failed"}
    assert told - explained == set() and explained - told <= late


def test_what_the_page_names_is_there() -> None:
    text = (REPOSITORY / "docs/deploying.md").read_text()
    for path in re.findall(r"deploy/[\w.@/-]+", text):
        assert (REPOSITORY / path.rstrip(".")).exists(), path
    for cell in re.findall(r"`((?:nginx|apache|caddy)/[\w.-]+)`", text):
        assert (DEPLOY / cell).exists(), cell
