"""How each kind of setting is read: typed from hauspost.toml, or as text from the environment."""

import os
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

Network = IPv4Network | IPv6Network

DOMAIN = re.compile(r"(?=.{1,253}$)([^\W_]([^\W_]|-){0,62}\.)*[^\W_]([^\W_]|-){0,62}")
_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}


class NotAllowed(ValueError):
    """Says what would be allowed."""


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an IP address lies in one of the networks; an IPv4 address mapped into IPv6 counts as IPv4."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return any((mapped or ip) in network for network in networks)


# Each takes what stands in the file (typed) or in the environment (text) and gives the value, or says what
# would be allowed.
Reader = Callable[[Any, Path], Any]


def a_text(value: Any, folder: Path) -> str:
    if not isinstance(value, str) or any(ord(letter) < 32 for letter in value):
        raise NotAllowed("a text in quotes on one line")
    return value.strip()


def a_path(value: Any, folder: Path) -> Path:
    text = a_text(value, folder)
    if not text:
        raise NotAllowed("a path, absolute or beginning at the folder of hauspost.toml")
    return (folder / Path(text).expanduser()).absolute()


def a_path_or_none(value: Any, folder: Path) -> Path | None:
    return a_path(value, folder) if a_text(value, folder) else None


def a_readable_file(value: Any, folder: Path) -> str:
    if not a_text(value, folder):
        return ""
    path = a_path(value, folder)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise NotAllowed("a file that exists and that this user may read")
    return str(path)


def a_number(low: int, high: int, unit: str) -> Reader:
    def read(value: Any, folder: Path) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*\d{1,12}\s*", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise NotAllowed(f"a whole number of {unit} from {low} to {high}")
        return value

    return read


def a_size_bytes(value: Any, folder: Path) -> int:
    found = re.fullmatch(r"(\d{1,12})\s*(b|kb|mb|gb|)", str(value).strip().lower().replace("_", ""))
    size = int(found[1]) * _UNITS[found[2]] if found and not isinstance(value, bool) else 0
    if not 100_000 <= size <= 2_000_000_000:
        raise NotAllowed('bytes from 100000 to 2000000000, or a text like "50 MB"')
    return size


def a_bool(value: Any, folder: Path) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in known:
        return known[value.strip().lower()]
    raise NotAllowed("true or false")


def one_of(*allowed: str) -> Reader:
    def read(value: Any, folder: Path) -> str:
        if value not in allowed:
            raise NotAllowed(" or ".join(f'"{word}"' for word in allowed))
        return str(value)

    return read


def a_list(of: Reader) -> Reader:
    """A list in the file; in the environment its parts are set apart by commas."""

    def read(value: Any, folder: Path) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise NotAllowed('a list like ["one", "two"]')
        return tuple(of(part, folder) for part in value)

    return read


def a_network(value: Any, folder: Path) -> Network:
    try:
        return ip_network(a_text(value, folder), strict=False)
    except ValueError:
        raise NotAllowed('IP addresses and networks like "192.168.10.0/24" or "fd00::/8"') from None


def a_network_or_host(value: Any, folder: Path) -> Network | str:
    """A network, or the name of one host in lower case."""
    text = a_text(value, folder).lower().rstrip(".")
    try:
        return ip_network(text, strict=False)
    except ValueError:
        pass
    if not DOMAIN.fullmatch(text) or re.fullmatch(r"[\d.x]+", text):
        raise NotAllowed('networks like "10.1.0.0/16" and hosts like "sso.firma.example", without a port')
    return text


def a_domain(value: Any, folder: Path) -> str:
    text = a_text(value, folder).lower().removeprefix("@").rstrip(".")
    if not DOMAIN.fullmatch(text):
        raise NotAllowed('a mail domain like "firma.example", without @')
    return text


def a_host(value: Any, folder: Path) -> str:
    text = a_text(value, folder)
    if text and not DOMAIN.fullmatch(text) and not is_within(text, _ANYWHERE):
        raise NotAllowed('a host like "mail.firma.example" or an IP address, without a port')
    return text


_ANYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def a_listen(*, may_be_off: bool, unix: bool = False) -> Reader:
    words = 'host and port like "127.0.0.1:8025" or "[::1]:8025"'
    words += ', or "unix:/path/of/a/socket"' if unix else ""
    words += ', or "" to switch it off' if may_be_off else ""

    def read(value: Any, folder: Path) -> str:
        text = a_text(value, folder)
        if not text and may_be_off:
            return ""
        if unix and text.startswith("unix:") and len(text) > 5:
            return f"unix:{a_path(text[5:], folder)}"
        found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):(\d{1,5})", text)
        if not found or not 1 <= int(found[2]) <= 65535 or not a_host(found[1].strip("[]"), folder):
            raise NotAllowed(words)
        return text

    return read


def a_public_url(value: Any, folder: Path) -> str:
    words = 'the address people type, like "https://help.firma.example", without query or password'
    text = a_text(value, folder).rstrip("/")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  urlsplit checks the port only when it is asked for it.
    except ValueError:
        raise NotAllowed(words) from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or "?" in text or "#" in text:
        raise NotAllowed(words)
    if not (DOMAIN.fullmatch(host) or is_within(host, _ANYWHERE)) or re.search(r"[\s\\]", text):
        raise NotAllowed(words)
    return text


def a_database_url(value: Any, folder: Path) -> str:
    text = a_text(value, folder)
    if text != "sqlite" and not re.match(r"postgres(ql)?://", text):
        raise NotAllowed('"sqlite", or "postgresql://user:password@host:5432/name"')
    return text


def a_time_zone(value: Any, folder: Path) -> str:
    text = a_text(value, folder)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise NotAllowed('a name of the time zone database like "Europe/Berlin" (Debian: package tzdata)') from None
    return text


def a_time_of_day(value: Any, folder: Path) -> str:
    """ "02:30", or "" for never."""
    text = a_text(value, folder)
    if text and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise NotAllowed('a time of day like "02:30", or "" for never')
    return text
