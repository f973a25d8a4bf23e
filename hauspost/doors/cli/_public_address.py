"""What arrives of a request by the public address: `hauspost doctor` asks as a browser would, through the proxy."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from hauspost.ground.config import Config

_PATIENCE_SECONDS = 5
_MOST_BYTES = 10_000
# Nobody's address (RFC 5737), by a name that to our server is the same as X-Forwarded-For: of two, the last one holds.
# The other one keeps its place in front when the proxy adds to it.
_CLAIMED = "192.0.2.1"
_FORGED = {"X-Forwarded-For": "127.0.0.1", "X_Forwarded_For": _CLAIMED}


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is a finding, not a way."""

    def redirect_request(self, *args: Any) -> None:
        return None


def asked(config: Config, question: str) -> tuple[str, str]:
    """Ask /healthz by the public address; what was found in words, and its fix ("" when all is well)."""
    where = config.public_url
    ask = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({})).open
    try:
        request = urllib.request.Request(f"{where}/healthz?echo={question}", headers=_FORGED)
        with ask(request, timeout=_PATIENCE_SECONDS) as answer:
            told = json.loads(answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as fault:
        return _wrong_status(config, fault.code)
    except ValueError:
        return f"another program answers at {where}", "lead that address to Hauspost, or correct public_url"
    except (OSError, HTTPException) as fault:
        reason = getattr(fault, "reason", fault)
        if isinstance(reason, ssl.SSLError):
            said = getattr(reason, "verify_message", "") or reason.reason or "encryption failed"
            fix = f"give the proxy a certificate for {config.public_host}; one of your own authority: set SSL_CERT_FILE"
            return f"the certificate of {where} is not accepted here ({said})", fix
        return f"nobody answers at {where} ({reason})", "start Hauspost and the proxy, or correct public_url"
    if not isinstance(told, dict) or told.get("hauspost") != "echo":
        return f"another Hauspost answers at {where}: its keys are not ours", "correct public_url, or where it leads"
    return judged(config, told)


def judged(config: Config, told: Mapping[str, Any]) -> tuple[str, str]:
    """Compare what arrived with what the settings say."""
    wanted = urlsplit(config.public_url)
    if urlsplit(f"//{told['host']}").hostname != wanted.hostname:
        fix = "let the proxy pass on Host (nginx: proxy_set_header Host $http_host; Apache: ProxyPreserveHost On)"
        return f"the host arrives as {told['host']!r} instead of {wanted.netloc}", fix
    if told["scheme"] != wanted.scheme and not told["peer_is_trusted"]:
        fix = f'name it: trusted_proxies = ["{told["peer"]}"]'
        return f"the proxy asks from {told['peer']}, which is not trusted, so its word on {wanted.scheme} is not", fix
    if told["scheme"] != wanted.scheme:
        said = f"says X-Forwarded-Proto: {told['sent_proto']}" if told["sent_proto"] else "sends no X-Forwarded-Proto"
        return f"the proxy {said}", f"let it send X-Forwarded-Proto: {wanted.scheme}"
    if told["peer_is_trusted"] and not told["sent_for"]:
        fix = "let it send X-Forwarded-For; else everybody counts as one client, and one who guesses locks out all"
        return "the proxy does not tell whom it asks for", fix
    if told["client"] == _CLAIMED:
        fix = "let it drop X_Forwarded_For and X_Forwarded_Proto, as the files in deploy/ do"
        return "the proxy lets clients claim any address, by a header with underscores", fix
    if config.is_https:
        return f"{config.public_url} leads here; host, https and client arrive", ""
    return f"{config.public_url} leads here", ""


def _wrong_status(config: Config, status: int) -> tuple[str, str]:
    where = config.public_url
    if status in (502, 503, 504):
        fix = f"start Hauspost, and let the proxy ask http://{config.web_listen}"
        return f"a proxy answers at {where}, but does not reach Hauspost ({status})", fix
    if 300 <= status < 400:
        return f"{where} leads elsewhere ({status})", "set public_url to the address at which people end up"
    fix = "lead that address to Hauspost; below a path, the proxy leaves the path on"
    return f"another program answers at {where} ({status})", fix
