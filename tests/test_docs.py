"""The documents keep up with the program: every command and setting is explained, every link leads somewhere."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from django.conf import settings

from hauspost.doors.cli.main import cli, run
from hauspost.ground.config import Config
from hauspost.records.people.actions import add_person, known_person, our_addresses
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.tickets.company import add_first_statuses, status_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# The folder is where the settings lie, and comes from the command line.
SETTINGS = [setting.name for setting in fields(Config) if setting.name != "folder"]


def commands(group: click.Group, name: str = "hauspost") -> Iterator[str]:
    """Every command that does something, by its full name."""
    context = click.Context(group)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        assert command is not None
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {part}")
        else:
            yield f"{name} {part}"


def headings(text: str) -> list[str]:
    """The headings of a page, without those that only look so inside code."""
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [found.strip() for found in re.findall(r"^#{1,6} (.+)$", without_code, re.MULTILINE)]


def anchor(heading: str) -> str:
    """The name under which a heading can be linked to, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.fixture(scope="module")
def administrators() -> str:
    return (ROOT / "docs/administrators.md").read_text()


def test_every_command_has_its_heading(administrators: str) -> None:
    known = headings(administrators)
    assert [name for name in commands(cli) if name not in known] == []


def test_no_heading_promises_a_command_that_is_gone(administrators: str) -> None:
    known = set(commands(cli))
    promised = [heading for heading in headings(administrators) if heading.startswith("hauspost ")]
    assert [heading for heading in promised if heading not in known] == []


def test_every_option_is_told_with_its_command(administrators: str) -> None:
    """Only where there are options: `--yes`, `--seal` …"""
    silent = []
    for name in commands(cli):
        command: click.Command = cli
        for part in name.split()[1:]:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), part)
            assert found is not None
            command = found
        section = administrators.partition(f"### {name}\n")[2].partition("\n#")[0]
        options = [one.opts[-1] for one in command.params if isinstance(one, click.Option) and not one.hidden]
        silent += [f"{name} {option}" for option in options if option not in section]
    assert silent == []


def test_every_setting_has_its_row(administrators: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", administrators, re.MULTILINE)
    assert [name for name in SETTINGS if name not in rows] == []


def test_the_values_that_hold_are_told_as_they_are(administrators: str) -> None:
    """Texts, numbers and switches; lists and paths are told in words."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", administrators, re.MULTILINE))
    wrong = []
    for setting in fields(Config):
        value = setting.default
        if not isinstance(value, str | int) or value == "" or setting.name == "mail_domain":
            continue
        told = str(value).lower() if isinstance(value, bool) else str(value)
        if rows.get(setting.name) != f"`{told}`":
            wrong.append(f"{setting.name}: {rows.get(setting.name)} instead of `{told}`")
    assert wrong == []


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.name)
def test_every_link_between_the_documents_leads_somewhere(document: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        there = (document.parent / name).resolve() if name else document
        is_there = there.exists() and there.is_relative_to(ROOT)
        if not is_there or (fragment and fragment not in map(anchor, headings(there.read_text()))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("command", ["bin/demo", "bin/test"])
def test_the_two_commands_of_the_readme_can_be_run(command: str) -> None:
    assert f"\n    {command}\n" in (ROOT / "README.md").read_text()
    assert os.access(ROOT / command, os.X_OK)


@pytest.mark.django_db
def test_the_command_for_the_first_company_founds_one(administrators: str) -> None:
    """It has to run as it stands there."""
    add_person("You", "you@firma.example", actor=SYSTEM, is_administrator=True)
    [line] = re.findall(r"^```sh\nhauspost (.*?)\n```", administrators, re.MULTILINE)

    # Every desk begins with its states: `hauspost up` and `hauspost migrate` see to it.
    add_first_statuses(actor=SYSTEM)
    assert run(["--folder", str(settings.HAUSPOST.folder), *shlex.split(line)]) == 0

    assert our_addresses() == {"it@firma.example"}
    assert Actor(who=known_person("anna.weiss@firma.example")).teams_with("mailroom")
    assert status_of("new").kind == "new"
