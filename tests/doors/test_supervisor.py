"""What keeps Hauspost's processes alive, ends them in order, and never leaves one behind."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hauspost.doors.cli import _places
from hauspost.ground.config import load
from tests.doors._running import REPOSITORY, Running, clean_environment, free_port, is_open, until

# Three children that say when they begin and when they are told to end.
THREE = """
import os, signal, sys
from hauspost.doors.cli._supervisor import Child, Supervisor

def say(words):
    # One write, so that lines of several processes do not mix.
    os.write(1, f"{words}\\n".encode())

def child(name):
    def body():
        def leave(*_):
            say(f"{name} ends")
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        say(f"{name} is {os.getpid()}")
        while True:
            # Not pause(): a signal just before it would be heard only with the next one.
            signal.sigtimedwait([], 0.1)
    return Child(name, body)

sys.exit(Supervisor([child("listen"), child("work"), child("web")], say=say).run())
"""


@pytest.fixture
def three() -> Iterator[Running]:
    with Running("-c", THREE) as running:
        for name in ("listen", "work", "web"):
            running.says(f"{name} is")
        yield running


def test_a_killed_child_is_started_again(three: Running) -> None:
    os.kill(int(three.says("work is").split()[-1]), signal.SIGKILL)
    assert "was killed by SIGKILL; starting it again" in three.says("work was killed")
    three.says("work is", times=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_all_end_in_order_when_told(three: Running, number: int) -> None:
    three.is_told(number)
    assert three.ends() == 0
    assert [line for line in three.lines if line.endswith("ends")] == ["listen ends", "work ends", "web ends"]


def test_children_of_a_killed_supervisor_die_with_it(three: Running) -> None:
    three.is_told(signal.SIGKILL)
    assert three.ends() == -signal.SIGKILL
    assert not [line for line in three.lines if line.endswith("ends")]


def test_a_wrong_setting_ends_everything_at_once() -> None:
    program = THREE.replace('child("work")', 'Child("work", lambda: 78)')
    with Running("-c", program) as running:
        assert running.ends() == 78


def test_a_child_that_never_comes_up_is_given_up() -> None:
    program = THREE.replace('child("work")', 'Child("work", lambda: 1, gives_up_after=3)')
    with Running("-c", program) as running:
        assert running.ends() == 1
        assert "work died 3 times in a row; giving up. See above why." in running.lines


def test_a_child_that_will_not_end_is_killed() -> None:
    stubborn = 'Child("work", lambda: [signal.signal(15, signal.SIG_IGN), say("deaf"), signal.pause()], 0.1)'
    with Running("-c", THREE.replace('child("work")', stubborn)) as running:
        running.says("deaf")
        running.says("web is")
        running.is_told(signal.SIGTERM)
        assert running.ends() == 0
        assert "work did not end in time and is killed." in running.lines


def test_the_supervisor_imports_no_django() -> None:
    check = "import hauspost.doors.cli.main, hauspost.doors.cli.up, hauspost.doors.cli.processes, sys; "
    check += "assert not any(name.split('.')[0] in ('django', 'granian', 'rich', 'aiosmtpd') for name in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=REPOSITORY)


class Desk:
    """A folder and ports for one Hauspost of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.web, self.smtp = folder, free_port(), free_port()

    def starts(self, *arguments: str, **settings: str) -> Running:
        environment = clean_environment(
            HAUSPOST_WEB_LISTEN=f"127.0.0.1:{self.web}",
            HAUSPOST_PUBLIC_URL=f"http://127.0.0.1:{self.web}",
            HAUSPOST_SMTP_LISTEN=f"127.0.0.1:{self.smtp}",
            **settings,
        )
        words = arguments or ("up",)
        return Running("-m", "hauspost", "--folder", str(self.folder), *words, environment=environment)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Set up once: later starts find the data again."""
    found = Desk(tmp_path_factory.mktemp("desk"))
    with found.starts() as running:
        running.says("Hauspost is ready")
        running.says("Ctrl-C ends it")
        running.is_told(signal.SIGTERM)
        assert running.ends() == 0
        assert "Setting up the database …" in running.lines
        assert running.says("/first/").strip().startswith(f"http://127.0.0.1:{found.web}/first/")
    return found


def test_up_in_an_empty_folder_sets_up_everything(desk: Desk) -> None:
    """P17.1, P17.4."""
    assert (desk.folder / "hauspost.toml").read_text().startswith("# Settings of this Hauspost.")
    assert (desk.folder / "data").stat().st_mode & 0o777 == 0o700
    assert (desk.folder / "data" / "hauspost.sqlite3").exists()


def test_a_second_start_finds_the_data_and_ctrl_c_ends_it(desk: Desk) -> None:
    with desk.starts() as running:
        running.says("Ctrl-C ends it")
        assert "Setting up the database …" not in running.lines
        assert _status(desk.web) < 500
        assert is_open(desk.smtp)
        running.is_told(signal.SIGINT)
        assert running.ends() == 0
    assert not is_open(desk.web)
    assert not is_open(desk.smtp)


def _status(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_two_may_not_run_on_one_data_folder(desk: Desk) -> None:
    with desk.starts() as running:
        running.says("Hauspost is ready")
        with desk.starts() as second:
            assert second.ends() == 1
            assert f"already runs on {desk.folder / 'data'} (process {running.process.pid})" in second.lines[-1]


def test_after_a_kill_nothing_answers_and_the_next_start_is_clean(desk: Desk) -> None:
    """No orphan holds a port and goes on answering with the old program."""
    with desk.starts() as running:
        running.says("Hauspost is ready")
        assert is_open(desk.web)
        running.is_told(signal.SIGKILL)
        running.ends()
    until(lambda: not is_open(desk.web), "the web port is closed")
    until(lambda: not is_open(desk.smtp), "the mail port is closed")
    with desk.starts() as running:
        running.says("Hauspost is ready")
        running.is_told(signal.SIGTERM)
        assert running.ends() == 0


def test_a_web_worker_dies_with_its_main(desk: Desk) -> None:
    with desk.starts("web") as running:
        until(lambda: is_open(desk.web), "the pages are there")
        assert _children(running.process.pid)
        running.is_told(signal.SIGKILL)
        running.ends()
    until(lambda: not is_open(desk.web), "the web port is closed")


def test_a_killed_household_is_replaced(desk: Desk) -> None:
    with desk.starts() as running:
        running.says("Hauspost is ready")
        (household,) = _children(running.process.pid)
        os.kill(household, signal.SIGKILL)
        running.says("household was killed by SIGKILL")
        until(lambda: is_open(desk.web) and is_open(desk.smtp), "the doors are open again")
        running.is_told(signal.SIGTERM)
        assert running.ends() == 0


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_a_port_in_use_is_named_with_its_setting(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", desk.smtp))
        taken.listen()
        with desk.starts() as running:
            assert running.ends() == 78
            assert running.lines[-1].startswith("The setting smtp_listen (hauspost.toml) is")
            assert "another program listens there" in running.lines[-1]


def test_a_wrong_setting_stops_the_start(desk: Desk) -> None:
    with desk.starts(HAUSPOST_WEB_WORKERS="many") as running:
        assert running.ends() == 78
        assert "HAUSPOST_WEB_WORKERS" in running.lines[-1]


def test_a_database_older_than_the_program_is_not_served(desk: Desk) -> None:
    """P19.1."""
    path = desk.folder / "data" / "hauspost.sqlite3"
    with sqlite3.connect(path) as database:
        gone = database.execute("select app, name, applied from django_migrations order by id desc limit 1").fetchone()
        database.execute("delete from django_migrations where app = ? and name = ?", gone[:2])
    try:
        with desk.starts() as running:
            assert running.ends() == 78
            assert "Run: hauspost upgrade" in running.lines[-1]
        with desk.starts("web") as running:
            assert running.ends() == 78
            assert "Run: hauspost upgrade" in running.lines[-1]
    finally:
        with sqlite3.connect(path) as database:
            database.execute("insert into django_migrations (app, name, applied) values (?, ?, ?)", gone)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    with Desk(tmp_path).starts() as running:
        assert running.ends() == 1
        assert "holds other things (letter.txt)" in running.lines[-1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_sqlite_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P55.2."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {tmp_path} rw - nfs4 server:/share rw\n")
    assert _places.file_system_of(tmp_path / "data", mounts) == "nfs4"
    assert _places.file_system_of(Path("/elsewhere"), mounts) == "ext4"
    monkeypatch.setattr(_places, "file_system_of", lambda path: "nfs4")
    with pytest.raises(_places.ConfigFault, match="network file system"):
        _places.refuse_network_file_system(load(tmp_path, {}))
    _places.refuse_network_file_system(load(tmp_path, {"HAUSPOST_DATABASE_URL": "postgresql://db/hp"}))
