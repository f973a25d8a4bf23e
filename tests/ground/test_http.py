"""The one HTTP client reaches what is public, and nothing inside that the settings do not name (S3)."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from hauspost.ground import http
from tests.ground.receiving import self_signed

INSIDE = [
    "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "localhost", "0.0.0.0", "0",
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16",
    "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::127.0.0.1]",
    "[::ffff:127.0.0.1]", "[::ffff:a01:203]", "[::ffff:0:127.0.0.1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]",
    "[2001::1]", "[2001:db8::5efe:7f00:1]", "[2a00::5efe:10.0.0.1]",
]  # fmt: skip


@dataclass
class Seen:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: say(handler, 200, b"hello")


def say(handler: BaseHTTPRequestHandler, status: int, content: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


@contextmanager
def opened(context: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            site.seen.append(Seen(self.path, dict(self.headers), self.rfile.read(length)))
            site.answer(self)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with opened() as one:
        yield one


def allow(settings: Settings, *networks: Any) -> None:
    settings.HAUSPOST = replace(
        settings.HAUSPOST, http_allow_private=tuple(ip_network(one) if one[0].isdigit() else one for one in networks)
    )


def names(monkeypatch: pytest.MonkeyPatch, **known: list[str]) -> list[str]:
    """A resolver that knows these names; answers which ones it was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look(host: str, port: int, *args: Any, **named: Any) -> Any:
        asked.append(host)
        found = known.get(host.replace(".", "_"))
        return (
            [row for one in found for row in real(one, port, *args, **named)]
            if found
            else real(host, port, *args, **named)
        )

    monkeypatch.setattr(http.socket, "getaddrinfo", look)
    return asked


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_reached_in_any_spelling(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3."""
    monkeypatch.setattr(http.socket, "create_connection", lambda *args: pytest.fail("a connection was made"))
    # What the resolver itself refuses to understand is unreachable, which is as good.
    with pytest.raises((http.ForbiddenTarget, http.Unreachable)) as refused:
        http.fetch(f"http://{host}:8080/latest/meta-data")
    if host not in ("[2a00::5efe:10.0.0.1]",):
        assert isinstance(refused.value, http.ForbiddenTarget), str(refused.value)


def test_public_addresses_are_public() -> None:
    """Also those that reach IPv4 through a translator, as networks with IPv6 alone need it."""
    for address in (
        "93.184.216.34",
        "8.8.8.8",
        "2606:4700::1111",
        "64:ff9b::5db8:d822",
        "2002:5db8:d822::1",
        "::ffff:8.8.8.8",
    ):
        assert not http.is_private(address), address
    assert http.is_private("no address")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "//a.example/", "http://", "http://u:p@a.example/",
     "http://a.example\\@b.example/", "http://a.example/ x", "http://a.example/\r\nX: y", "http://[::1", "http://a.example:99999/",
     "http://exa%6dple.com/"],
)  # fmt: skip
def test_only_plain_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(http.BadUrl):
        http.fetch(url)


def test_a_name_with_one_address_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3: every address is checked, not the first."""
    names(monkeypatch, two_example=["93.184.216.34", "127.0.0.1"])
    monkeypatch.setattr(http.socket, "create_connection", lambda *args: pytest.fail("a connection was made"))
    with pytest.raises(http.ForbiddenTarget):
        http.fetch("http://two.example/")


def test_a_name_is_resolved_once_and_the_checked_address_is_visited(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: a name that changes its address in between changes nothing (DNS rebinding)."""
    allow(settings, "127.0.0.1/32")
    asked = names(monkeypatch, mail_firma_example=["127.0.0.1"])
    answer = http.fetch(f"http://mail.firma.example:{site.port}/path?a=b")
    assert answer.is_good and answer.body == b"hello"
    assert asked.count("mail.firma.example") == 1
    assert site.seen[0].path == "/path?a=b"
    assert site.seen[0].headers["Host"] == f"mail.firma.example:{site.port}"


def test_the_settings_name_networks_and_hosts_inside(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, sso_firma_example=["127.0.0.1"], other_firma_example=["127.0.0.1"])
    allow(settings, "sso.firma.example")
    assert http.fetch(f"http://SSO.firma.example:{site.port}/").is_good
    with pytest.raises(http.ForbiddenTarget, match="http_allow_private"):
        http.fetch(f"http://other.firma.example:{site.port}/")
    allow(settings, "127.0.0.0/8")
    assert http.fetch(f"http://[::ffff:127.0.0.1]:{site.port}/").is_good


def test_every_redirect_is_checked_anew(site: Site, settings: Settings) -> None:
    """S3."""
    allow(settings, "127.0.0.1/32")
    site.answer = lambda handler: say(handler, 302, Location=f"http://127.0.0.2:{site.port}/inside")
    with pytest.raises(http.ForbiddenTarget):
        http.fetch(f"http://127.0.0.1:{site.port}/")
    site.answer = lambda handler: say(handler, 302, Location="file:///etc/passwd")
    with pytest.raises(http.BadUrl):
        http.fetch(f"http://127.0.0.1:{site.port}/")
    site.answer = lambda handler: say(handler, 302, Location="/again")
    with pytest.raises(http.HttpFault, match="redirects"):
        http.fetch(f"http://127.0.0.1:{site.port}/")
    assert len(site.seen) == 2 + 1 + http.MOST_REDIRECTS


def test_a_redirect_gets_no_secret(site: Site, settings: Settings) -> None:
    """What is posted goes nowhere else, and another host does not see our authorisation."""
    allow(settings, "127.0.0.0/8")
    with opened() as other:
        site.answer = lambda handler: say(handler, 307, Location=f"http://127.0.0.1:{other.port}/")
        answer = http.fetch(f"http://127.0.0.1:{site.port}/", method="POST", body=b"client_secret=x")
        assert answer.status == 307 and not other.seen
        http.fetch(f"http://127.0.0.1:{site.port}/", headers={"Authorization": "Bearer x"})
        assert site.seen[-1].headers["Authorization"] == "Bearer x" and "Authorization" not in other.seen[0].headers


def test_tls_is_checked_for_the_name_and_not_given_up(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = self_signed(tmp_path)
    allow(settings, "127.0.0.0/8")
    names(monkeypatch, other_example=["127.0.0.1"])
    with opened(context) as site:
        with pytest.raises(http.Unreachable, match="certificate"):
            http.fetch(f"https://127.0.0.1:{site.port}/")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert http.fetch(f"https://127.0.0.1:{site.port}/").body == b"hello"
        with pytest.raises(http.Unreachable, match="certificate"):
            http.fetch(f"https://other.example:{site.port}/")
        site.answer = lambda handler: say(handler, 302, Location=f"http://127.0.0.1:{site.port}/")
        with pytest.raises(http.HttpFault, match="encryption"):
            http.fetch(f"https://127.0.0.1:{site.port}/")


def test_size_and_time_are_bounded_and_no_answer_is_shown(site: Site, settings: Settings) -> None:
    """S3, S19: a server that sends a byte now and then is no exception."""
    allow(settings, "127.0.0.1/32")
    url = f"http://127.0.0.1:{site.port}/"
    site.answer = lambda handler: say(handler, 200, b"secret " * 1000)
    with pytest.raises(http.TooMuch) as refused:
        http.fetch(url, limit_bytes=1000)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(http.fetch(url))
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.02):
            handler.wfile.write(b"x")

    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    site.answer = half
    with pytest.raises(http.Unreachable, match="lost"):
        http.fetch(url)
    site.answer = drip
    began_at = time.monotonic()
    with pytest.raises(http.Unreachable, match="in time"):
        http.fetch(url, seconds=0.3)
    stop.set()
    # Far below any limit of a socket: only that it ended by itself is asserted.
    assert time.monotonic() - began_at < 15


def test_nobody_there_is_said_in_words(settings: Settings) -> None:
    allow(settings, "127.0.0.1/32")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(http.Unreachable, match="refuses connections"):
        http.fetch(f"http://127.0.0.1:{port}/")
    with pytest.raises(http.Unreachable, match="not known"):
        http.fetch("http://no-such-host.invalid/")
