"""The settings of one Hauspost: hauspost.toml, then HAUSPOST_* from the environment, checked before anything starts."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

FILE_NAME = "hauspost.toml"

Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), ip_network("::1/128"))

# Names in the environment that belong to Hauspost's own scripts and are no settings.
_NO_SETTINGS = re.compile(r"HAUSPOST_(FOLDER|TEST_\w+|BENCH_\w+|CORPORA\w*)")
_SECRET = frozenset({"outgoing_password", "database_url"})
_DOMAIN = re.compile(r"(?=.{1,253}$)([^\W_]([^\W_]|-){0,62}\.)*[^\W_]([^\W_]|-){0,62}")
_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}


class ConfigFault(Exception):
    """A setting that cannot be taken: its name, what was found, what is allowed, and where it stands."""

    def __init__(self, name: str, found: object, allowed: str, where: str = FILE_NAME) -> None:
        self.name, self.allowed, self.where = name, allowed, where
        self.found = "(not shown: may hold a password)" if name in _SECRET else repr(found)
        super().__init__(f"The setting {name} ({where}) is {self.found}. Allowed: {allowed}.")


@dataclass(frozen=True)
class Config:
    """What an administrator may decide; every name is also a variable HAUSPOST_<NAME>. `SAMPLE` explains each one."""

    folder: Path
    data: Path
    public_url: str = "http://127.0.0.1:8000"
    database_url: str = field(default="sqlite", repr=False)
    web_listen: str = "127.0.0.1:8000"
    web_workers: int = 1
    web_threads: int = 4
    trusted_proxies: tuple[Network, ...] = ()
    smtp_listen: str = "127.0.0.1:2525"
    lmtp_listen: str = ""
    listen_allow_from: tuple[Network, ...] = LOOPBACK
    trusted_relays: tuple[Network, ...] = LOOPBACK
    smtp_tls_cert: str = ""
    smtp_tls_key: str = ""
    mail_size_limit: int = 50_000_000
    connections_limit: int = 200
    idle_seconds: int = 120
    folder_watch: tuple[Path, ...] = ()
    outgoing_host: str = ""
    outgoing_port: int = 25
    outgoing_security: str = "none"
    outgoing_user: str = ""
    outgoing_password: str = field(default="", repr=False)
    outgoing_maildir: Path | None = None
    mail_domain: str = "localhost.localdomain"
    company_domains: tuple[str, ...] = ()
    auth_serv_id: str = ""
    language: str = "en"
    time_zone: str = "Europe/Berlin"
    undo_seconds: int = 10
    demo: bool = False

    @property
    def public_host(self) -> str:
        """The name people type: drives allowed hosts and links (P18.1)."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def public_origin(self) -> str:
        """Scheme, host and port, as a browser sends them in Origin."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def public_path(self) -> str:
        """The sub-path under which a proxy serves us, "" for none, without a slash at its end."""
        return urlsplit(self.public_url).path

    @property
    def is_https(self) -> bool:
        """Whether people come by https: then cookies are marked secure."""
        return self.public_url.startswith("https://")

    @property
    def run(self) -> Path:
        """Where running processes keep locks and sockets."""
        return self.data / "run"

    @property
    def spool(self) -> Path:
        """Where a big mail waits while it is still arriving."""
        return self.data / "spool"


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The settings that hold in a folder. Raises ConfigFault for the first one that cannot be taken."""
    environ = os.environ if environ is None else environ
    folder = folder.absolute()
    given = _from_file(folder / FILE_NAME)
    given.update(_from_environment(environ))
    values: dict[str, Any] = {}
    for name, (value, where) in given.items():
        try:
            values[name] = _READERS[name](value, folder)
        except _NotAllowed as fault:
            raise ConfigFault(name, value, str(fault), where) from None
    values.setdefault("data", folder / "data")
    if "mail_domain" not in values and (domain := _domain_of(values.get("public_url", ""))):
        values["mail_domain"] = domain
    config = Config(folder=folder, **values)
    _check_together(config, {name: where for name, (_, where) in given.items()})
    return config


def split_listen(listen: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:2525" or "[::1]:2525"."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an IP address lies in one of the networks; an IPv4 address mapped into IPv6 counts as IPv4."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return any((mapped or ip) in network for network in networks)


class _NotAllowed(ValueError):
    """Says what would be allowed."""


def _from_file(path: Path) -> dict[str, tuple[object, str]]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigFault("file", str(fault), "a readable UTF-8 text file", str(path)) from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault("file", str(fault), 'lines like  name = "value"  (TOML)', str(path)) from None
    given = {}
    for name, value in found.items():
        line = re.search(rf"^[ \t]*\[?[\"']?{re.escape(name)}\b", text, re.MULTILINE)
        where = f"{path}, line {text.count(chr(10), 0, line.start()) + 1}" if line else str(path)
        _know(name, value, where)
        given[name] = (value, where)
    return given


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    given: dict[str, tuple[object, str]] = {}
    for variable, value in environ.items():
        if not variable.startswith("HAUSPOST_") or _NO_SETTINGS.fullmatch(variable):
            continue
        name, where = variable.removeprefix("HAUSPOST_").lower(), f"environment variable {variable}"
        _know(name, value, where)
        given[name] = (value, where)
    return given


def _know(name: str, value: object, where: str) -> None:
    if name in _READERS:
        return
    near = difflib.get_close_matches(name, _READERS, n=1)
    hint = f"{near[0]} is a setting" if near else f"one of {', '.join(sorted(_READERS))}"
    # The value of an unknown name may well be a password with a misspelt name.
    raise ConfigFault(name, "unknown" if not isinstance(value, dict) else "a section", hint, where)


def _check_together(config: Config, where: Mapping[str, str]) -> None:
    """Settings that are right alone and wrong together."""
    for one, other in (("smtp_tls_cert", "smtp_tls_key"), ("smtp_tls_key", "smtp_tls_cert")):
        if getattr(config, one) and not getattr(config, other):
            raise ConfigFault(other, "", f"a file, as {one} is set", where.get(one, FILE_NAME))
    for one, other in (("outgoing_user", "outgoing_password"), ("outgoing_password", "outgoing_user")):
        if getattr(config, one) and not getattr(config, other):
            raise ConfigFault(other, "", f"a value, as {one} is set", where.get(one, FILE_NAME))
    if config.outgoing_user and config.outgoing_security == "none" and not _is_loopback(config.outgoing_host):
        allowed = '"starttls" or "tls", or the password would cross the network in clear'
        raise ConfigFault("outgoing_security", "none", allowed, where.get("outgoing_security", FILE_NAME))
    if config.outgoing_host and config.outgoing_maildir:
        allowed = "nothing, as outgoing_host is set: mail leaves by one way only"
        raise ConfigFault("outgoing_maildir", str(config.outgoing_maildir), allowed, where["outgoing_maildir"])


def _is_loopback(host: str) -> bool:
    return host == "localhost" or is_within(host, LOOPBACK)


def _domain_of(url: str) -> str:
    """The host of the public URL when it can stand behind an @, else ""."""
    host = urlsplit(url).hostname or ""
    return host if "." in host and not re.fullmatch(r"[\d.]+", host) and _DOMAIN.fullmatch(host) else ""


# Readers: each takes what stands in the file (typed) or in the environment (text) and gives the value, or says what
# would be allowed.
_Reader = Callable[[Any, Path], Any]


def _text(value: Any, folder: Path) -> str:
    if not isinstance(value, str) or any(ord(letter) < 32 for letter in value):
        raise _NotAllowed("a text in quotes on one line")
    return value.strip()


def _path(value: Any, folder: Path) -> Path:
    text = _text(value, folder)
    if not text:
        raise _NotAllowed("a path, absolute or beginning at the folder of hauspost.toml")
    return (folder / Path(text).expanduser()).absolute()


def _path_or_none(value: Any, folder: Path) -> Path | None:
    return _path(value, folder) if _text(value, folder) else None


def _readable_file(value: Any, folder: Path) -> str:
    if not _text(value, folder):
        return ""
    path = _path(value, folder)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise _NotAllowed("a file that exists and that this user may read")
    return str(path)


def _number(low: int, high: int, unit: str) -> _Reader:
    def read(value: Any, folder: Path) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*\d{1,12}\s*", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _NotAllowed(f"a whole number of {unit} from {low} to {high}")
        return value

    return read


def _size_bytes(value: Any, folder: Path) -> int:
    found = re.fullmatch(r"(\d{1,12})\s*(b|kb|mb|gb|)", str(value).strip().lower().replace("_", ""))
    size = int(found[1]) * _UNITS[found[2]] if found and not isinstance(value, bool) else 0
    if not 100_000 <= size <= 2_000_000_000:
        raise _NotAllowed('bytes from 100000 to 2000000000, or a text like "50 MB"')
    return size


def _bool(value: Any, folder: Path) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in known:
        return known[value.strip().lower()]
    raise _NotAllowed("true or false")


def _one_of(*allowed: str) -> _Reader:
    def read(value: Any, folder: Path) -> str:
        if value not in allowed:
            raise _NotAllowed(" or ".join(f'"{word}"' for word in allowed))
        return str(value)

    return read


def _list(of: _Reader) -> _Reader:
    """A list in the file; in the environment its parts are set apart by commas."""

    def read(value: Any, folder: Path) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise _NotAllowed('a list like ["one", "two"]')
        return tuple(of(part, folder) for part in value)

    return read


def _network(value: Any, folder: Path) -> Network:
    try:
        return ip_network(_text(value, folder), strict=False)
    except ValueError:
        raise _NotAllowed('IP addresses and networks like "192.168.10.0/24" or "fd00::/8"') from None


def _domain(value: Any, folder: Path) -> str:
    text = _text(value, folder).lower().removeprefix("@").rstrip(".")
    if not _DOMAIN.fullmatch(text):
        raise _NotAllowed('a mail domain like "firma.example", without @')
    return text


def _host(value: Any, folder: Path) -> str:
    text = _text(value, folder)
    if text and not _DOMAIN.fullmatch(text) and not is_within(text, _ANYWHERE):
        raise _NotAllowed('a host like "mail.firma.example" or an IP address, without a port')
    return text


_ANYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def _listen(*, may_be_off: bool, unix: bool = False) -> _Reader:
    words = 'host and port like "127.0.0.1:8025" or "[::1]:8025"'
    words += ', or "unix:/path/of/a/socket"' if unix else ""
    words += ', or "" to switch it off' if may_be_off else ""

    def read(value: Any, folder: Path) -> str:
        text = _text(value, folder)
        if not text and may_be_off:
            return ""
        if unix and text.startswith("unix:") and len(text) > 5:
            return f"unix:{_path(text[5:], folder)}"
        found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):(\d{1,5})", text)
        if not found or not 1 <= int(found[2]) <= 65535 or not _host(found[1].strip("[]"), folder):
            raise _NotAllowed(words)
        return text

    return read


def _public_url(value: Any, folder: Path) -> str:
    words = 'the address people type, like "https://help.firma.example", without query or password'
    text = _text(value, folder).rstrip("/")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  urlsplit checks the port only when it is asked for it.
    except ValueError:
        raise _NotAllowed(words) from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or "?" in text or "#" in text:
        raise _NotAllowed(words)
    if not (_DOMAIN.fullmatch(host) or is_within(host, _ANYWHERE)) or re.search(r"[\s\\]", text):
        raise _NotAllowed(words)
    return text


def _database_url(value: Any, folder: Path) -> str:
    text = _text(value, folder)
    if text != "sqlite" and not re.match(r"postgres(ql)?://", text):
        raise _NotAllowed('"sqlite", or "postgresql://user:password@host:5432/name"')
    return text


def _time_zone(value: Any, folder: Path) -> str:
    text = _text(value, folder)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise _NotAllowed('a name of the time zone database like "Europe/Berlin" (Debian: package tzdata)') from None
    return text


_READERS: dict[str, _Reader] = {
    "data": _path,
    "public_url": _public_url,
    "database_url": _database_url,
    "web_listen": _listen(may_be_off=False),
    "web_workers": _number(1, 64, "processes"),
    "web_threads": _number(1, 128, "threads"),
    "trusted_proxies": _list(_network),
    "smtp_listen": _listen(may_be_off=True),
    "lmtp_listen": _listen(may_be_off=True, unix=True),
    "listen_allow_from": _list(_network),
    "trusted_relays": _list(_network),
    "smtp_tls_cert": _readable_file,
    "smtp_tls_key": _readable_file,
    "mail_size_limit": _size_bytes,
    "connections_limit": _number(1, 10_000, "connections"),
    "idle_seconds": _number(5, 3600, "seconds"),
    "folder_watch": _list(_path),
    "outgoing_host": _host,
    "outgoing_port": _number(1, 65535, "the port"),
    "outgoing_security": _one_of("none", "starttls", "tls"),
    "outgoing_user": _text,
    "outgoing_password": _text,
    "outgoing_maildir": _path_or_none,
    "mail_domain": _domain,
    "company_domains": _list(_domain),
    "auth_serv_id": _text,
    "language": _one_of("en", "de"),
    "time_zone": _time_zone,
    "undo_seconds": _number(0, 600, "seconds"),
    "demo": _bool,
}

assert set(_READERS) == {setting.name for setting in fields(Config)} - {"folder"}

SAMPLE = """\
# Settings of this Hauspost. Lines that begin with "#" show the value that holds anyway.
# Each setting can also come from the environment: HAUSPOST_PUBLIC_URL, HAUSPOST_SMTP_LISTEN and so on.
# After a change: stop and start. `hauspost doctor` checks everything and names what to do.

# The address people type into the browser. It drives allowed hosts, cookies and every link in a mail.
# public_url = "http://127.0.0.1:8000"

# Where everything is kept that is worth a backup. A local disk, no network file system.
# data = "data"

# "sqlite", or "postgresql://user:password@host:5432/name".
# database_url = "sqlite"

# Where the pages are served. Let a proxy (nginx, Apache, Caddy) stand in front for https, and name it below.
# web_listen = "127.0.0.1:8000"
# web_workers = 1
# web_threads = 4
# trusted_proxies = []

# Where mail is taken in. "" switches a listener off; LMTP also takes "unix:/path/of/a/socket".
# smtp_listen = "127.0.0.1:2525"
# lmtp_listen = ""

# Who may hand us mail at all, and whose mail counts as sent by our own people (an internal mail server).
# listen_allow_from = ["127.0.0.0/8", "::1/128"]
# trusted_relays = ["127.0.0.0/8", "::1/128"]

# A certificate and its key (PEM files) let senders encrypt with STARTTLS.
# smtp_tls_cert = ""
# smtp_tls_key = ""

# The largest mail taken (bytes, or a text like "50 MB"), connections at once, seconds until a silent one is closed.
# mail_size_limit = 50000000
# connections_limit = 200
# idle_seconds = 120

# Maildirs, mbox files and folders of .eml files to take mail from.
# folder_watch = []

# The mail server that takes our mail: security is "none", "starttls" or "tls". Without a host, mail waits.
# outgoing_host = ""
# outgoing_port = 25
# outgoing_security = "none"
# outgoing_user = ""
# outgoing_password = ""

# Instead of a server: put outgoing mail into a Maildir on this machine, to try things out.
# outgoing_maildir = ""

# The domain of the addresses we make for answers and bounces; without it the host of public_url, if it is a name.
# mail_domain = "localhost.localdomain"

# The company's own mail domains, and the name your mail server writes into Authentication-Results.
# company_domains = []
# auth_serv_id = ""

# "en" or "de", for people who have not chosen; the time zone of the company.
# language = "en"
# time_zone = "Europe/Berlin"

# How long a reply waits so that it can be taken back.
# undo_seconds = 10

# true fills an empty database with a company to try things out.
# demo = false
"""
