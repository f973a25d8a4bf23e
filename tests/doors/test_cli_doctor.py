"""`hauspost doctor`: each fault is named with its fix (P17.5)."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from hauspost.doors.cli import doctor
from hauspost.doors.cli.doctor import Finding
from hauspost.ground import clock
from hauspost.ground.config import load
from hauspost.ground.vitals.actions import Pulse
from tests.doors._running import free_port

Look = Callable[..., Iterator[Finding]]


def looked(look: Look, folder: Path, **variables: str) -> dict[str, Finding]:
    config = load(folder, {f"HAUSPOST_{name.upper()}": value for name, value in variables.items()})
    return {finding.thing: finding for finding in look(config)}


def test_an_empty_folder_is_told_how_to_begin(tmp_path: Path) -> None:
    (finding,) = doctor.examine(tmp_path)
    assert "hauspost up" in finding.fix


def test_a_wrong_setting_is_the_first_thing_named(tmp_path: Path) -> None:
    (tmp_path / "hauspost.toml").write_text("web_workers = 0")
    (finding,) = doctor.examine(tmp_path)
    assert "web_workers" in finding.words
    assert finding.fix.startswith("correct web_workers in")


def test_an_open_data_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data").chmod(0o755)
    assert "chmod 700" in looked(doctor._data_folder, tmp_path)["data folder"].fix
    (tmp_path / "data").chmod(0o700)
    assert not looked(doctor._data_folder, tmp_path)["data folder"].fix


def test_a_public_url_in_clear_or_unknown_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert "https" in looked(doctor._public_url, tmp_path, public_url="http://help.firma.example")["public_url"].fix
    assert not looked(doctor._public_url, tmp_path, public_url="https://help.firma.example")["public_url"].fix
    assert not looked(doctor._public_url, tmp_path)["public_url"].fix

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "DNS" in looked(doctor._public_url, tmp_path, public_url="https://help.firma.example")["public_url"].fix


def test_https_without_a_trusted_proxy_is_a_fault(tmp_path: Path) -> None:
    assert looked(doctor._proxy, tmp_path, public_url="https://help.firma.example")["proxy"].fix
    assert not looked(doctor._proxy, tmp_path)


def test_a_watched_folder_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    assert looked(doctor._watched, tmp_path, folder_watch=str(tmp_path / "gone"))["folder_watch"].fix
    assert not looked(doctor._watched, tmp_path, folder_watch=str(tmp_path))["folder_watch"].fix


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_shows_no_life_is_a_fault(tmp_path: Path) -> None:
    assert "hauspost up" in looked(doctor._worker, tmp_path)["worker"].fix
    Pulse("work").beat()
    assert not looked(doctor._worker, tmp_path)["worker"].fix
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        assert "no life" in looked(doctor._worker, tmp_path)["worker"].words


def test_a_mail_server_that_is_not_there_or_not_set_is_a_fault(tmp_path: Path) -> None:
    assert "outgoing_host" in looked(doctor._outgoing, tmp_path)["outgoing mail"].fix
    port = str(free_port())
    found = looked(doctor._outgoing, tmp_path, outgoing_host="127.0.0.1", outgoing_port=port)["outgoing mail"]
    assert f"127.0.0.1:{port} cannot be used" in found.words
    assert not looked(doctor._outgoing, tmp_path, outgoing_maildir="box")["outgoing mail"].fix


def test_a_mail_server_that_answers_is_well(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            hand, _ = server.accept()
            with hand, hand.makefile("rb") as lines:
                hand.sendall(b"220 mail.firma.example\r\n")
                for line in lines:
                    hand.sendall(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")

        threading.Thread(target=serve, daemon=True).start()
        port = str(server.getsockname()[1])
        found = looked(doctor._outgoing, tmp_path, outgoing_host="127.0.0.1", outgoing_port=port)["outgoing mail"]
    assert (found.words, found.fix) == (f"127.0.0.1:{port} takes our mail", "")


@pytest.mark.django_db(transaction=True)
def test_the_whole_look_ends_and_names_what_is_missing() -> None:
    things = {finding.thing: finding for finding in doctor.examine(settings.HAUSPOST.folder)}
    for thing in ("settings", "data folder", "disk", "time zone", "database", "migrations", "search", "key ring"):
        assert not things[thing].fix, things[thing]
    assert "hauspost user link" in things["administrator"].fix
    assert things["intake addresses"].fix
    assert things["smtp_listen"].fix
