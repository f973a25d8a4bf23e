"""`hauspost doctor` asks by the public address and names what the proxy does wrong, with its fix (P17.5, P18.1)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from hauspost.doors.cli._public_address import asked, judged
from hauspost.doors.health.echo import is_asked_by_doctor, new_question
from hauspost.ground import clock
from hauspost.ground.config import Config, load
from tests.doors._running import free_port

RIGHT = {
    "hauspost": "echo", "scheme": "https", "host": "help.firma.example", "peer": "10.0.0.1", "peer_is_trusted": True,
    "client": "10.0.0.99", "sent_proto": "https", "sent_for": True,
}  # fmt: skip


def config(folder: Path, url: str = "https://help.firma.example") -> Config:
    return load(folder, {"HAUSPOST_PUBLIC_URL": url, "HAUSPOST_TRUSTED_PROXIES": "10.0.0.1"})


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        ({"host": "127.0.0.1:8000"}, "ProxyPreserveHost"),
        ({"scheme": "http", "peer": "10.0.0.2", "peer_is_trusted": False}, 'trusted_proxies = ["10.0.0.2"]'),
        ({"scheme": "http", "sent_proto": ""}, "X-Forwarded-Proto: https"),
        ({"sent_for": False}, "X-Forwarded-For"),
        ({"client": "192.0.2.1"}, "X_Forwarded_For"),
        ({}, ""),
    ],
)
def test_each_wrong_header_is_named(tmp_path: Path, wrong: dict[str, Any], fix: str) -> None:
    words, told = judged(config(tmp_path), RIGHT | wrong)
    assert fix in told and bool(fix) == bool(told), (words, told)


@contextmanager
def answering(status: int, content: bytes, location: str = "") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "content", "location", "words"),
    [
        (502, b"", "", "does not reach Hauspost"),
        (404, b"", "", "another program"),
        (301, b"", "https://elsewhere.example/", "leads elsewhere"),
        (200, b"<html>", "", "another program"),
        (200, b'{"status": "ok"}', "", "another Hauspost"),
        (200, json.dumps(RIGHT).encode(), "", "the host arrives as"),
    ],
)
def test_whoever_answers_instead_of_us_is_told(
    tmp_path: Path, status: int, content: bytes, location: str, words: str
) -> None:
    with answering(status, content, location) as url:
        found, fix = asked(config(tmp_path, url), "question")
    assert words in found and fix


def test_nobody_there_is_told(tmp_path: Path) -> None:
    found, fix = asked(config(tmp_path, f"http://127.0.0.1:{free_port()}"), "question")
    assert "nobody answers" in found and "start Hauspost" in fix


@pytest.mark.django_db
def test_only_the_doctors_own_fresh_question_is_answered(client: Client) -> None:
    """S12: what arrives of a request is nobody else's business."""
    question = new_question()
    assert client.get("/healthz", {"echo": question}).json()["client"] == "127.0.0.1"
    for forged in ("", "x", question[:-1], f"9{question}", question.replace(".", ""), "9" * 500, "٣.a.b"):
        assert "client" not in client.get("/healthz", {"echo": forged}).json()
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        assert not is_asked_by_doctor(question)
