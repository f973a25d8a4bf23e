"""A real OAuth 2.0 provider on loopback: code with PKCE, refresh tokens that rotate, client credentials, introspection."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT, SECRET = "hauspost-client", "s3cret-of-the-client"


@dataclass
class Provider:
    """What was given out, and to whom. Whoever shows a used refresh token loses the whole family (RFC 9700 4.14.2)."""

    port: int = 0
    clients: dict[str, str] = field(default_factory=lambda: {CLIENT: SECRET})
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    # refresh token → who; the used ones, too.
    refresh: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    access: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    lives_seconds: int = 3600
    # Which mailboxes the program itself may open, by its client id.
    apps: dict[str, str] = field(default_factory=dict)
    # Holds a renewal until somebody lets it go on.
    gate: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorise(self, query: dict[str, str], who: str = "karim@lindner.example") -> str:
        """What its page does when a person agrees: back to the program, with a code."""
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**query, "who": who}
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def revoke_everything(self) -> None:
        """As when a password changed, or an administrator took the consent back."""
        with self.lock:
            self.refresh.clear()
            self.access.clear()

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.gate.wait(20)
        with self.lock:
            self.asked.append(form)
            if self.clients.get(form.get("client_id", "")) != form.get("client_secret", ""):
                said = "AADSTS7000215: Invalid client secret provided."
                return 401, {"error": "invalid_client", "error_description": said}
            grant = form.get("grant_type")
            if grant == "authorization_code":
                return self._for_code(form)
            if grant == "refresh_token":
                return self._for_refresh_token(form["refresh_token"])
            if grant == "client_credentials":
                return 200, self._tokens(self.apps.get(form["client_id"], "nobody"), with_refresh=False)
            return 400, {"error": "unsupported_grant_type"}

    def _for_code(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        known = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if known is None or known["code_challenge"] != challenge or known["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: the code is not valid"}
        return 200, self._tokens(known["who"], with_refresh=True)

    def _for_refresh_token(self, token: str) -> tuple[int, dict[str, Any]]:
        if token in self.used:
            self.refresh.clear()
        if token not in self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "AADSTS700082: the refresh token has expired"}
        self.used.add(token)
        return 200, self._tokens(self.refresh.pop(token), with_refresh=True)

    def _tokens(self, who: str, *, with_refresh: bool) -> dict[str, Any]:
        access = secrets.token_urlsafe(24)
        self.access[access] = who
        told: dict[str, Any] = {"token_type": "Bearer", "access_token": access, "expires_in": self.lives_seconds}
        if with_refresh:
            fresh = secrets.token_urlsafe(24)
            self.refresh[fresh] = who
            claims = base64.urlsafe_b64encode(json.dumps({"email": who}).encode()).rstrip(b"=").decode()
            told |= {"refresh_token": fresh, "id_token": f"e30.{claims}.x"}
        return told


@contextmanager
def provider() -> Iterator[Provider]:
    """Open one on a free port."""
    opened = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            if self.path.startswith("/introspect"):
                who = opened.access.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
                self._answer(200 if who else 401, {"active": bool(who), "email": who or ""})
            elif self.path.startswith("/authorise"):
                self.send_response(302)
                self.send_header("Location", opened.authorise(query))
                self.end_headers()
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*opened.token(form))

        def _answer(self, status: int, told: dict[str, Any]) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    opened.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        opened.gate.set()
        server.shutdown()
        server.server_close()
