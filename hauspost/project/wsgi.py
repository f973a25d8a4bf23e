"""The pages as a WSGI application, behind a proxy or alone."""

import os
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hauspost.project.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from hauspost.ground.config import Config, is_within

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


# What is made while serving is the owner's alone (S6).
os.umask(0o077)


# They hold no links, and who asks them by the machine's own address cannot know the public one.
_FOR_MACHINES = frozenset({"/healthz", "/metrics"})


class BehindProxy:
    """Believes what a listed proxy says about the client, and nobody else (S25); serves under a sub-path (P18.2)."""

    def __init__(self, application: Application, config: Config) -> None:
        self._application, self._proxies, self._path = application, config.trusted_proxies, config.public_path
        self._netloc, self._is_https = urlsplit(config.public_url).netloc, config.is_https

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        forwarded_for = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "")
        peer = str(environ.get("REMOTE_ADDR", ""))
        is_trusted = is_within(peer, self._proxies)
        environ["hauspost.peer"], environ["hauspost.host"] = peer, environ.get("HTTP_HOST", "")
        environ["hauspost.sent_for"], environ["hauspost.sent_proto"] = forwarded_for, scheme
        # We speak no https ourselves: whoever came by that address came through somebody.
        by_public_address = self._is_https and environ.get("HTTP_HOST") == self._netloc
        environ["hauspost.for_somebody"] = not is_trusted and (bool(forwarded_for) or by_public_address)
        if is_trusted:
            environ["REMOTE_ADDR"] = self._client(forwarded_for) or peer
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        path = environ.get("PATH_INFO", "")
        if self._path and (path == self._path or path.startswith(f"{self._path}/")):
            path = environ["PATH_INFO"] = path[len(self._path) :] or "/"
        if path in _FOR_MACHINES:
            environ["HTTP_HOST"] = self._netloc
        return self._application(environ, start_response)

    def _client(self, forwarded_for: str) -> str:
        """The last address that is not a proxy of ours: what stands further left, anybody may have written."""
        for part in reversed(forwarded_for.split(",")):
            address = part.strip()
            try:
                ip_address(address)
            except ValueError:
                return ""
            if not is_within(address, self._proxies):
                return address
        return ""


application: Application = BehindProxy(get_wsgi_application(), settings.HAUSPOST)
