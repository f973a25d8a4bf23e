"""The pages behind a proxy: whom we believe, and the sub-path (P18.2, S25)."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hauspost.ground.config import load
from hauspost.project.wsgi import BehindProxy


def seen(folder: Path, environ: dict[str, Any], **variables: str) -> dict[str, Any]:
    """What the application behind sees of a request."""
    found: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found.append(environ)
        return [b""]

    config = load(folder, {f"HAUSPOST_{name.upper()}": value for name, value in variables.items()})
    request = {"REMOTE_ADDR": "10.0.0.1", "PATH_INFO": "/", "wsgi.url_scheme": "http", **environ}
    list(BehindProxy(application, config)(request, lambda *_: None))
    return found[0]


FORGED = {"HTTP_X_FORWARDED_FOR": "192.0.2.9", "HTTP_X_FORWARDED_PROTO": "https"}


def test_what_anybody_claims_is_not_believed(tmp_path: Path) -> None:
    request = seen(tmp_path, FORGED)
    assert (request["REMOTE_ADDR"], request["wsgi.url_scheme"]) == ("10.0.0.1", "http")
    assert not [name for name in request if name.startswith("HTTP_X_FORWARDED")]


def test_a_trusted_proxy_tells_client_and_scheme(tmp_path: Path) -> None:
    request = seen(tmp_path, FORGED, trusted_proxies="10.0.0.0/24")
    assert (request["REMOTE_ADDR"], request["wsgi.url_scheme"]) == ("192.0.2.9", "https")


def test_only_the_last_address_that_is_no_proxy_counts(tmp_path: Path) -> None:
    chain = {"HTTP_X_FORWARDED_FOR": "127.0.0.1, 192.0.2.66, 10.0.0.7"}
    assert seen(tmp_path, chain, trusted_proxies="10.0.0.0/24")["REMOTE_ADDR"] == "192.0.2.66"


def test_what_is_no_address_is_no_client(tmp_path: Path) -> None:
    for claim in ("<script>", "", "unknown", "192.0.2.9, <b>"):
        request = seen(tmp_path, {"HTTP_X_FORWARDED_FOR": claim}, trusted_proxies="10.0.0.0/24")
        assert request["REMOTE_ADDR"] == "10.0.0.1"
    assert seen(tmp_path, {"HTTP_X_FORWARDED_PROTO": "gopher"}, trusted_proxies="10.0.0.1")["wsgi.url_scheme"] == "http"


def test_a_sub_path_is_taken_off_when_the_proxy_left_it_on(tmp_path: Path) -> None:
    url = "https://firma.example/desk"
    for path, inner in (
        ("/desk/tickets", "/tickets"),
        ("/desk", "/"),
        ("/tickets", "/tickets"),
        ("/desktop", "/desktop"),
    ):
        assert seen(tmp_path, {"PATH_INFO": path}, public_url=url)["PATH_INFO"] == inner
