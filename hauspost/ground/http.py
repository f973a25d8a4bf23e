"""The one client for all that Hauspost fetches over HTTP: it reaches nothing that only insiders may reach (S3).

A name is resolved once, every address found is checked, and the connection goes to the address that was checked; each
redirect begins anew. Private targets are reached only where `http_allow_private` in hauspost.toml names them.
"""

import http.client
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hauspost import __version__
from hauspost.ground.config import Network
from hauspost.ground.refusals import Refused

LIMIT_BYTES = 1_000_000
SECONDS = 20.0
MOST_REDIRECTS = 3

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What no public host has; and one that is public by its number and still the cloud's own (Azure's 168.63.129.16).
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
# Ways to write an IPv4 address into an IPv6 one, and at which of its bytes it stands: mapped, translators (RFC 6052),
# 6to4 (RFC 3056); and addresses of ISATAP (RFC 5214) by their ending.
_EMBEDDED = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 12),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 12),
    (ipaddress.IPv6Network("64:ff9b::/96"), 12),
    (ipaddress.IPv6Network("2002::/16"), 2),
)
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
_HOST = re.compile(r"[^\s/\\?#@%\x00-\x20\x7f]{1,253}")


class HttpFault(Refused):
    """Nothing usable came; the words hold no answer's content."""

    code = "http-fault"
    status = 502
    words = _("%(host)s does not answer as it should: %(reason)s.")


class ForbiddenTarget(HttpFault):
    """An address inside, which nobody outside may let us visit (S3)."""

    code = "forbidden-target"
    status = 422
    words = _(
        "%(host)s lies in a private network. If it is meant, an administrator of this machine names it in "
        "hauspost.toml: http_allow_private."
    )


class BadUrl(HttpFault):
    """No http or https address at all."""

    code = "bad-url"
    status = 422
    words = _("This is no address that can be fetched: it has to begin with http:// or https:// and name a host.")


class Unreachable(HttpFault):
    """Nobody answered; later somebody may."""

    code = "http-unreachable"
    words = _("%(host)s cannot be reached: %(reason)s.")


class TooMuch(HttpFault):
    """The answer is larger than it may be."""

    code = "http-too-much"
    words = _("%(host)s answers with more than %(limit)s bytes.")


@dataclass(frozen=True)
class Answer:
    """What came back; its body is nothing for a log or an error."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limit_bytes: int = LIMIT_BYTES,
    seconds: float = SECONDS,
    redirects: int = MOST_REDIRECTS,
) -> Answer:
    """Ask once, and follow redirects of what only reads; the answer's status is the caller's matter.

    Whatever carries a body is not sent on to where a redirect points: the answer comes back as it is. Raises BadUrl,
    ForbiddenTarget, Unreachable, TooMuch, HttpFault. Not inside a transaction: it may take `seconds`.
    """
    ends_at = time.monotonic() + seconds
    given, target = dict(headers or {}), _target(url)
    while True:
        answer = _ask(target, method, given, body, limit_bytes, ends_at)
        onward = answer.headers.get("location", "")
        if answer.status not in _REDIRECTS or not onward or body is not None or method not in ("GET", "HEAD"):
            return answer
        if redirects <= 0:
            raise HttpFault(host=target.host, reason=_("too many redirects"))
        redirects -= 1
        url = urljoin(answer.url, onward)
        before, target = target, _target(url)
        if before.scheme == "https" and target.scheme != "https":
            raise HttpFault(host=before.host, reason=_("a redirect that gives encryption up"))
        if target.origin != before.origin:
            # What proves us to one server is nothing for the next.
            given = {name: value for name, value in given.items() if name.lower() not in ("authorization", "cookie")}


def is_private(address: str) -> bool:
    """Whether an IP address belongs to no public host: private, shared, local, reserved, or such a one in disguise."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    return any(_is_closed(one) for one in (ip, *_disguised(ip)))


def _is_closed(ip: _Address) -> bool:
    return any(ip in network for network in _NEVER if network.version == ip.version)


def _disguised(ip: _Address) -> Sequence[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address may lead to."""
    if ip.version == 4:
        return []
    packed = ip.packed
    found = [packed[at : at + 4] for network, at in _EMBEDDED if ip in network]
    if packed[8:12] in _ISATAP:
        found.append(packed[12:])
    return [ipaddress.IPv4Address(one) for one in found]


def _target(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadUrl from None
    is_clean = url.isprintable() and "\\" not in url and " " not in url
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not is_clean or not _HOST.fullmatch(host):
        raise BadUrl
    try:
        name = host if ":" in host else host.rstrip(".").encode("idna").decode("ascii")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path.encode("ascii")
    except UnicodeError:
        raise BadUrl from None
    if not name:
        raise BadUrl
    return _Target(parts.scheme, name, port or (443 if parts.scheme == "https" else 80), path)


def _ask(
    target: _Target, method: str, headers: Mapping[str, str], body: bytes | None, limit_bytes: int, ends_at: float
) -> Answer:
    addresses = _allowed(target, _resolved(target, ends_at))
    connection = _Connection(target, addresses, ends_at)
    # A server that sends a byte now and then would never run into the socket's own time limit.
    clock = threading.Timer(max(0.0, ends_at - time.monotonic()), connection.break_off)
    clock.daemon = True
    clock.start()
    try:
        connection.request(method, target.path, body=body, headers={"User-Agent": f"Hauspost/{__version__}", **headers})
        reply = connection.getresponse()
        content = reply.read(limit_bytes + 1)
        if len(content) > limit_bytes:
            raise TooMuch(host=target.host, limit=limit_bytes)
        if connection.is_broken_off or (reply.length or 0) > 0:
            raise ConnectionResetError
        told = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, told, content, f"{target.scheme}://{_netloc(target)}{target.path}")
    except (OSError, http.client.HTTPException) as error:
        fault = TimeoutError() if connection.is_broken_off else error
        raise Unreachable(host=target.host, reason=_reason(fault)) from None
    finally:
        clock.cancel()
        connection.close()


def _netloc(target: _Target) -> str:
    return f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"


class _Connection(http.client.HTTPConnection):
    """A connection to the addresses that were checked, whatever the name says by now."""

    def __init__(self, target: _Target, addresses: Sequence[str], ends_at: float) -> None:
        is_usual = target.port == (443 if target.scheme == "https" else 80)
        super().__init__(target.host, target.port)
        self._target, self._addresses, self._ends_at = target, addresses, ends_at
        # The port belongs into Host only where it is not the scheme's own.
        self.default_port = target.port if is_usual else -1
        self.is_broken_off = False
        # http.client forgets its socket when an answer has no length, and reads on all the same.
        self._line: socket.socket | None = None

    def connect(self) -> None:
        last: OSError = TimeoutError()
        for address in self._addresses:
            left = self._ends_at - time.monotonic()
            if left <= 0:
                break
            try:
                self._line = self.sock = self._wrapped(socket.create_connection((address, self._target.port), left))
                return
            except ssl.SSLError:
                raise
            except OSError as error:
                last = error
        raise last

    def _wrapped(self, sock: socket.socket) -> socket.socket:
        if self._target.scheme != "https":
            return sock
        try:
            return _tls().wrap_socket(sock, server_hostname=self._target.host)
        except BaseException:
            sock.close()
            raise

    def break_off(self) -> None:
        """The time is over: whoever reads wakes up."""
        self.is_broken_off = True
        if self._line is not None:
            try:
                self._line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _resolved(target: _Target, ends_at: float) -> list[str]:
    """All addresses of a name, in any spelling a resolver takes ("2130706433" is 127.0.0.1), within the time left."""
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    # A resolver has no time limit of its own that could be set.
    threading.Thread(target=look, name="resolver", daemon=True).start()
    try:
        answer = found.get(timeout=max(0.01, ends_at - time.monotonic()))
    except queue.Empty:
        answer = TimeoutError()
    if isinstance(answer, OSError) or not answer:
        raise Unreachable(host=target.host, reason=_reason(answer if isinstance(answer, OSError) else OSError()))
    return answer


def _allowed(target: _Target, addresses: list[str]) -> list[str]:
    """The addresses, if we may visit every one of them: a name with one inside is not to be trusted outside either."""
    allowed = settings.HAUSPOST.http_allow_private
    if target.host.lower() in allowed:
        return addresses
    for address in addresses:
        if is_private(address) and not _is_named(address, allowed):
            raise ForbiddenTarget(host=target.host)
    return addresses


def _is_named(address: str, allowed: Sequence[Network | str]) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return any((mapped or ip) in one for one in allowed if not isinstance(one, str))


def _reason(error: Exception) -> object:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("its certificate is not trusted (%(fault)s)") % {"fault": error.verify_message}
    if isinstance(error, ssl.SSLError):
        return _("it speaks no TLS that we know")
    if isinstance(error, socket.gaierror):
        return _("its name is not known")
    if isinstance(error, TimeoutError):
        return _("it does not answer in time")
    if isinstance(error, ConnectionRefusedError):
        return _("it refuses connections")
    return _("the connection was lost")
