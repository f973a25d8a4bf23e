"""A small browser for whole addresses: keeps cookies as a browser does, and can come from another address."""

import http.client
import re
import ssl
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.doors.browsing import hidden


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Visitor:
    """Somebody at a browser. `source` is the client's own address; all of 127.0.0.0/8 is this machine."""

    def __init__(self, address: str, certificate: Path | None = None, source: str = "127.0.0.5") -> None:
        self.address, self.source = urlsplit(address), source
        self._context = ssl.create_default_context(cafile=certificate) if certificate else None
        self.cookies: dict[str, Morsel[str]] = {}

    @property
    def below(self) -> str:
        return self.address.path

    def get(self, path: str, **headers: str) -> Answer:
        """`path` as it stands behind the host."""
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, sent: dict[str, str], **headers: str) -> Answer:
        """As a form of our own page would."""
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin, "Referer": self._origin}
        return self._ask("POST", path, urlencode(sent).encode(), {**form, **headers})

    def submit(self, path: str, page: Answer, **sent: str) -> Answer:
        """Post a page's form with its token."""
        return self.post(path, {"csrfmiddlewaretoken": hidden(page.text, "csrfmiddlewaretoken"), **sent})

    @property
    def _origin(self) -> str:
        return f"{self.address.scheme}://{self.address.netloc}"

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        assert path.startswith("/"), f"not within this host: {path}"
        host, port = self.address.hostname or "", self.address.port or 443
        here = (self.source, 0)
        hand: http.client.HTTPConnection
        if self._context:
            hand = http.client.HTTPSConnection(host, port, timeout=60, context=self._context, source_address=here)
        else:
            hand = http.client.HTTPConnection(host, port, timeout=60, source_address=here)
        kept = [one for one in self.cookies.values() if path.startswith(one["path"] or "/")]
        cookie = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in kept)} if kept else {}
        with_dashes = {
            name.replace("__", "\0").replace("_", "-").replace("\0", "_"): value for name, value in headers.items()
        }
        hand.request(method, path, body, {"Accept-Language": "en", **cookie, **with_dashes})
        came = hand.getresponse()
        answer = Answer(came.status, came.getheaders(), came.read().decode("utf-8", "replace"))
        hand.close()
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self.cookies[key] = morsel
        return answer


def links(page: str) -> list[str]:
    """Where a page's links, pictures and forms lead."""
    return re.findall(r'(?:href|src|action)="([^"#][^"]*)"', page)
