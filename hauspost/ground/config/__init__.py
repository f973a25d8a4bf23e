"""The settings of one Hauspost: hauspost.toml, then HAUSPOST_* from the environment, checked before anything starts."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hauspost.ground.config._readers import (
    DOMAIN,
    Network,
    NotAllowed,
    Reader,
    a_bool,
    a_database_url,
    a_domain,
    a_host,
    a_list,
    a_listen,
    a_network,
    a_network_or_host,
    a_number,
    a_path,
    a_path_or_none,
    a_public_url,
    a_readable_file,
    a_size_bytes,
    a_text,
    a_time_of_day,
    a_time_zone,
    is_within,
    one_of,
)

__all__ = ["FILE_NAME", "LOOPBACK", "SAMPLE", "Config", "ConfigFault", "Network", "is_within", "load", "split_listen"]

FILE_NAME = "hauspost.toml"

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), ip_network("::1/128"))

# Names in the environment that belong to Hauspost's own scripts and are no settings.
_NO_SETTINGS = re.compile(r"HAUSPOST_(FOLDER|TEST_\w+|BENCH_\w+|CORPORA\w*)")
_SECRET = frozenset({"outgoing_password", "database_url"})


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
    auth_serv_from: tuple[Network, ...] = LOOPBACK
    check_senders: bool = False
    smime_trust: Path | None = None
    http_allow_private: tuple[Network | str, ...] = ()
    language: str = "en"
    time_zone: str = "Europe/Berlin"
    undo_seconds: int = 10
    second_factor: str = "optional"
    backup_folder: Path | None = None
    backup_at: str = "02:30"
    backup_keep: int = 14
    log_format: str = "text"
    metrics_allow_from: tuple[Network, ...] = LOOPBACK
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
        except NotAllowed as fault:
            raise ConfigFault(name, value, str(fault), where) from None
    values.setdefault("data", folder / "data")
    values.setdefault("backup_folder", folder / "backups")
    listen = values.get("web_listen", "")
    if "public_url" not in values and listen.startswith(("127.0.0.1:", "localhost:", "[::1]:")):
        # Nobody but this machine reaches it there, so that is what is typed: another port is enough to say.
        values["public_url"] = f"http://{listen}"
    if "mail_domain" not in values and (domain := _domain_of(values.get("public_url", ""))):
        values["mail_domain"] = domain
    config = Config(folder=folder, **values)
    _check_together(config, {name: where for name, (_, where) in given.items()})
    return config


def split_listen(listen: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:2525" or "[::1]:2525"."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


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
    return host if "." in host and not re.fullmatch(r"[\d.]+", host) and DOMAIN.fullmatch(host) else ""


_READERS: dict[str, Reader] = {
    "data": a_path,
    "public_url": a_public_url,
    "database_url": a_database_url,
    "web_listen": a_listen(may_be_off=False),
    "web_workers": a_number(1, 64, "processes"),
    "web_threads": a_number(1, 128, "threads"),
    "trusted_proxies": a_list(a_network),
    "smtp_listen": a_listen(may_be_off=True),
    "lmtp_listen": a_listen(may_be_off=True, unix=True),
    "listen_allow_from": a_list(a_network),
    "trusted_relays": a_list(a_network),
    "smtp_tls_cert": a_readable_file,
    "smtp_tls_key": a_readable_file,
    "mail_size_limit": a_size_bytes,
    "connections_limit": a_number(1, 10_000, "connections"),
    "idle_seconds": a_number(5, 3600, "seconds"),
    "folder_watch": a_list(a_path),
    "outgoing_host": a_host,
    "outgoing_port": a_number(1, 65535, "the port"),
    "outgoing_security": one_of("none", "starttls", "tls"),
    "outgoing_user": a_text,
    "outgoing_password": a_text,
    "outgoing_maildir": a_path_or_none,
    "mail_domain": a_domain,
    "company_domains": a_list(a_domain),
    "auth_serv_id": a_text,
    "auth_serv_from": a_list(a_network),
    "check_senders": a_bool,
    "smime_trust": a_path_or_none,
    "http_allow_private": a_list(a_network_or_host),
    "language": one_of("en", "de"),
    "time_zone": a_time_zone,
    "undo_seconds": a_number(0, 600, "seconds"),
    "second_factor": one_of("optional", "administrators", "agents"),
    "backup_folder": a_path_or_none,
    "backup_at": a_time_of_day,
    "backup_keep": a_number(1, 1000, "backups"),
    "log_format": one_of("text", "json"),
    "metrics_allow_from": a_list(a_network),
    "demo": a_bool,
}

assert set(_READERS) == {setting.name for setting in fields(Config)} - {"folder"}

SAMPLE = (Path(__file__).parent / "sample.toml").read_text("utf-8")
