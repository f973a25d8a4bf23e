"""The pages as a WSGI application, behind a proxy or alone."""

import os
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hauspost.project.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from hauspost.ground.config import Config, is_within

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


# What is made while serving is the owner's alone (S6).
os.umask(0o077)


class BehindProxy:
    """Believes what a listed proxy says about the client, and nobody else (S25); serves under a sub-path (P18.2)."""

    def __init__(self, application: Application, config: Config) -> None:
        self._application, self._proxies, self._path = application, config.trusted_proxies, config.public_path

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        forwarded_for = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "")
        if is_within(str(environ.get("REMOTE_ADDR", "")), self._proxies):
            environ["REMOTE_ADDR"] = self._client(forwarded_for) or environ["REMOTE_ADDR"]
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        path = environ.get("PATH_INFO", "")
        if self._path and (path == self._path or path.startswith(f"{self._path}/")):
            environ["PATH_INFO"] = path[len(self._path) :] or "/"
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
