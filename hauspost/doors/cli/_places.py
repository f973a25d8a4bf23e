"""The folder a Hauspost lives in: found, set up when empty, locked while it runs, checked before it starts."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hauspost.ground.config import FILE_NAME, SAMPLE, Config, ConfigFault, split_listen

# SQLite's locks do not hold on these (P55.2).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "ncpfs"}
)


class NotStarted(Exception):
    """Why nothing was started, in words with the next step."""


def is_new(folder: Path) -> bool:
    """Whether nobody has set up a Hauspost here yet."""
    return not (folder / FILE_NAME).exists() and not (folder / "data").exists()


def set_up(folder: Path) -> None:
    """Write the settings file into an empty folder. Raises NotStarted when other things lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    others = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    if others:
        raise NotStarted(
            f"{folder} holds other things ({', '.join(others[:3])}) and no {FILE_NAME}. "
            f"Start in an empty folder, or name one: hauspost --folder PATH up"
        )
    (folder / FILE_NAME).write_text(SAMPLE, "utf-8")


def make_data_folders(config: Config) -> None:
    """Make data/ and what lies in it, for this user only. Raises ConfigFault when it cannot be written."""
    try:
        for folder in (config.data, config.run, config.spool, config.data / "static"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigFault("data", str(config.data), f"a folder this user may write to ({fault.strerror})") from None
    if not os.access(config.data, os.W_OK | os.X_OK):
        raise ConfigFault("data", str(config.data), "a folder this user may write to")


def lock(config: Config) -> int:
    """Be the only one that runs this data folder, as long as the answered handle stays open. Raises NotStarted."""
    handle = os.open(config.run / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(handle, 20).decode("ascii", "replace").strip()
        os.close(handle)
        raise NotStarted(
            f"Hauspost already runs on {config.data} (process {holder or 'unknown'}). "
            f"Stop it first, or start this one in another folder."
        ) from None
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle


def serves(config: Config) -> int:
    """Say that a process of this desk serves, as long as the answered handle stays open. Raises NotStarted.

    Any number may; while one does, nobody moves or upgrades the database under it, and the other way round.
    """
    handle = os.open(config.run / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise NotStarted("An upgrade or a move of this desk is at work. Start again when it has ended.") from None
    return handle


@contextmanager
def nobody_serves(config: Config) -> Iterator[None]:
    """Keep every process of this desk from starting. Raises NotStarted while one runs."""
    make_data_folders(config)
    handle = os.open(config.run / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotStarted(
                f"Hauspost runs on {config.data}. Stop it first (up, web, work and listen, on every machine); "
                f"nothing was changed."
            ) from None
        yield
    finally:
        os.close(handle)


def refuse_network_file_system(config: Config) -> None:
    """SQLite loses data where locks do not hold. Raises ConfigFault."""
    kind = file_system_of(config.data)
    if config.database_url == "sqlite" and kind in NETWORK_FILE_SYSTEMS:
        allowed = f"a local disk: this is a network file system ({kind}), where SQLite loses data; or use PostgreSQL"
        raise ConfigFault("data", str(config.data), allowed)


def file_system_of(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of file system a path lies on, as the kernel names it; "" when it cannot be known."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].encode().decode("unicode_escape")
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind


def refuse_busy_addresses(config: Config) -> None:
    """Tell before anything starts that an address is taken. Raises ConfigFault with the setting's name."""
    for name in ("web_listen", "smtp_listen", "lmtp_listen"):
        listen = getattr(config, name)
        if not listen or listen.startswith("unix:"):
            continue
        host, port = split_listen(listen)
        if words := why_not_free(host, port):
            raise ConfigFault(name, listen, f"an address of this machine that is free ({words})")


def why_not_free(host: str, port: int) -> str:
    """Why an address cannot be listened at, "" when it can."""
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind, protocol) as hand:
            # Without this, connections that ended a moment ago would count as somebody else.
            hand.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            hand.bind(address)
            hand.listen(1)
    except OSError as fault:
        if fault.errno == errno.EACCES:
            return f"only root may open port {port}"
        return "another program listens there" if fault.errno == errno.EADDRINUSE else str(fault.strerror or fault)
    return ""
