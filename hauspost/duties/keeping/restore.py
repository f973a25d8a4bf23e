"""Making a working desk from a backup, somewhere empty, and proving that it is the same."""

import base64
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from hauspost import __version__
from hauspost.duties.intake.models import FetchedFolder
from hauspost.duties.keeping import _format, archive, rows, settings_file
from hauspost.duties.keeping.archive import Contents
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.keeping.proving import Proof, faults_of_record
from hauspost.duties.keeping.refusals import Damaged, NotEmpty, NotTheSame, PassphraseNeeded, RecordBroken, WrongKey
from hauspost.duties.keeping.rows import Schema, Table
from hauspost.ground import clock, tokens
from hauspost.ground.accounts.health import hold_all
from hauspost.ground.config import FILE_NAME
from hauspost.ground.db import drop_tables, go_on_numbering, table_names
from hauspost.ground.files.folder import Folder
from hauspost.ground.history.actions import record
from hauspost.ground.history.rekeying import sign_heads_anew
from hauspost.ground.search import actions as search
from hauspost.records.people.actor import Actor

# The step that is at work, and how far it is, from 0 to 1.
Progress = Callable[[str, float], None]

# A copy must not write to people or fetch mail before somebody has decided that it is the desk now.
_HELD_BACK = ("outgoing_host", "outgoing_user", "outgoing_password", "outgoing_maildir", "folder_watch")
_OPERATOR = Actor(kind="system", name="restore", via="cli")


@dataclass(frozen=True)
class Wish:
    """What is to be restored: with a passphrase the keys inside, with `keys` a key file that was kept apart.

    Keys that are inside are left there only for who says so: `without_keys`. `database_url` is written into the
    settings. A drill leaves no trace in the record it looks at.
    """

    file: Path
    passphrase: str = ""
    keys: Path | None = None
    database_url: str = ""
    is_drill: bool = False
    without_keys: bool = False

    @property
    def lacks_passphrase(self) -> bool:
        """Are there keys inside that nothing here opens or replaces? Raises NoBackup, Damaged; OSError."""
        return not (self.passphrase or self.keys or self.without_keys) and archive.holds_keys(self.file)


@dataclass(frozen=True)
class Restored:
    """What was restored and what that proves. `keys`: from the backup, from a file, or new ones."""

    contents: Contents
    keys: str
    # Whether the secrets of authenticator apps can be read: they are sealed with Django's secret beside the key ring.
    factors_kept: bool
    proof: Proof
    # Settings that were switched off; mail servers by which nothing is fetched or sent until somebody says so.
    held_back: tuple[str, ...]
    paused: tuple[str, ...]
    settings_kept: bool
    counts: dict[str, int]


def restore(wish: Wish, progress: Progress = lambda step, share: None) -> Restored:
    """Make the desk of a backup in the folder and database that are set up, both empty.

    Raises NotEmpty; PassphraseNeeded, NoBackup, FromNewer, Damaged, WrongKey for the file; NotTheSame for what became
    of it; a drill also RecordBroken. Whatever is raised, nothing of it stays. A desk whose record was broken when it
    was backed up can be restored all the same: the proof then names the faults.
    """
    refuse_what_is_not_empty()
    with _nothing_stays_of_a_failure():
        if wish.lacks_passphrase:
            raise PassphraseNeeded(file=wish.file.name)
        contents = archive.read_through(
            wish.file, passphrase=wish.passphrase, progress=lambda share: progress("reading", share)
        )
        keys, factors_kept = _bring_keys(wish, contents)
        kept, held_back = _bring_settings(wish, contents)
        _bring_all(contents, lambda share: progress("restoring", share))
        progress("checking", 0.0)
        call_command("migrate", verbosity=0, interactive=False)
        paused = _hold_mail_servers()
        search.rebuild()
        if keys == "new":
            sign_heads_anew()
        proof = faults_of_record(forgiven=contents.manifest.faulty)
        if proof.faults and wish.is_drill:
            raise RecordBroken(what="; ".join(proof.faults[:5]))
        progress("checking", 1.0)
        counts = _counts(contents)
        if not wish.is_drill:
            _remember(contents, keys, counts)
        os.sync()
    return Restored(contents, keys, factors_kept, proof, held_back, paused, kept, counts)


def refuse_what_is_not_empty() -> None:
    """Neither folder nor database may hold anything. Raises NotEmpty."""
    data = settings.HAUSPOST.data
    others = sorted(path.name for path in data.iterdir() if path.name not in _MADE_BY_LOADING) if data.exists() else []
    if others:
        raise NotEmpty(place=str(data), found=", ".join(others[:3]))
    if connection.vendor != "sqlite" and (names := table_names()):
        raise NotEmpty(place="The database", found=", ".join(names[:3]))


# What already loading the settings makes: Django's secret, folders for processes.
_MADE_BY_LOADING = frozenset({"django-secret", "run", "spool", "static"})


@contextmanager
def _nothing_stays_of_a_failure() -> Iterator[None]:
    config = settings.HAUSPOST
    had_settings = (config.folder / FILE_NAME).exists()
    try:
        yield
    except BaseException:
        if connection.vendor != "sqlite":
            drop_tables(table_names(), connection.alias)
        connections.close_all()
        shutil.rmtree(config.data, ignore_errors=True)
        if not had_settings:
            (config.folder / FILE_NAME).unlink(missing_ok=True)
        raise


def _bring_keys(wish: Wish, contents: Contents) -> tuple[str, bool]:
    """The key ring, before anything asks for one; without any, a new one that knows the old seals' public keys.

    Answers where it came from, and whether Django's secret came, too. Raises WrongKey.
    """
    path = settings.HAUSPOST.data / "keys.json"
    secret = path.with_name("django-secret")
    if contents.secrets:
        _write(path, contents.secrets["keys.json"])
        _write(secret, contents.secrets["django-secret"])
    elif wish.keys is not None:
        _write(path, wish.keys.read_bytes())
        if (beside := wish.keys.with_name("django-secret")).exists():
            _write(secret, beside.read_bytes())
    else:
        ring = tokens.KeyRing(path)
        for key_id, public in contents.header.seal_keys.items():
            ring.know_former(key_id, base64.b64decode(public))
        return "new", False
    try:
        fits = contents.is_made_by(tokens.KeyRing(path))
    except tokens.KeyRingFault:
        fits = False
    if not fits:
        raise WrongKey(what=str(wish.keys or "The key ring inside"))
    return ("inside", True) if contents.secrets else ("file", beside.exists())


def _bring_settings(wish: Wish, contents: Contents) -> tuple[bool, tuple[str, ...]]:
    """The settings, unless there are some already; answers whether these stay, and what was held back."""
    path = settings.HAUSPOST.folder / FILE_NAME
    if path.exists():
        if wish.database_url:
            _write(path, settings_file.with_value(path.read_text("utf-8"), "database_url", wish.database_url).encode())
        return True, ()
    text = contents.secrets[FILE_NAME].decode() if contents.secrets else contents.settings
    held_back = tuple(name for name in _HELD_BACK if settings_file.names(text, name))
    text = settings_file.switched_off(text, held_back, "held back by the restore; take the # away when it answers")
    text = settings_file.switched_off(text, ["data", "database_url"], "restored elsewhere")
    if wish.database_url:
        text = settings_file.with_value(text, "database_url", wish.database_url)
    _write(path, text.encode())
    return False, held_back


def _bring_all(contents: Contents, progress: Callable[[float], None]) -> None:
    """Schema as it was, every row and stored file; compared with the manifest. Raises NotTheSame."""
    _migrate_to(contents.header.schema)
    tables = {table.label: table for table in rows.tables_at(contents.header.schema, without=rows.OF_THIS_MACHINE)}
    for label, columns in contents.header.tables.items():
        if label not in tables or list(tables[label].columns) != columns:
            raise NotTheSame(what=f"the table {label} has other columns here")
    with transaction.atomic():
        for table in tables.values():
            rows.empty(table)
        _unpack(contents.path, tables, progress)
    go_on_numbering([table.model for table in tables.values()])
    for label, table in tables.items():
        expected = contents.manifest.tables.get(label)
        if expected is not None and rows.tally(table).as_json() != expected:
            raise NotTheSame(what=f"the rows of {label} differ")


@transaction.atomic
def _hold_mail_servers() -> tuple[str, ...]:
    """Two desks would empty one mailbox, and renew one token: the copy does nothing there of itself (P40).

    Answers the servers' names.
    """
    FetchedFolder.objects.update(state=FetchedFolder.State.PAUSED, leased_by="", leased_until=None)
    return tuple(account.name for account in hold_all())


def _migrate_to(schema: Schema) -> None:
    """Bring an empty database to the state in which the backup was made."""
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, names in schema.items() for name in names} & set(executor.loader.graph.nodes)
    nodes = executor.loader.graph.node_map
    last = [
        node
        for node in sorted(wanted)
        if not any(child.key[0] == node[0] and child.key in wanted for child in nodes[node].children)
    ]
    executor.migrate(last)


def _unpack(path: Path, tables: dict[str, Table], progress: Callable[[float], None]) -> None:
    place, whole = settings.HAUSPOST.data, max(1, path.stat().st_size)
    blobs = Folder(place / "blobs")
    with path.open("rb") as file, _format.reading(path, file) as members:
        for member in members:
            if member.kind == "blob":
                _write_blob(blobs.path_of(member.name), member)
            elif member.kind == "rows":
                try:
                    rows.write(tables[member.name], member.content().split(b"\n"))
                except (ValueError, TypeError) as fault:
                    raise Damaged(file=path.name, why=str(fault)) from fault
            elif member.kind == "seal":
                _write(place / "seals" / member.name, member.content())
            progress(min(1.0, file.tell() / whole))


def _write_blob(path: Path, member: _format.Member) -> None:
    """One stored file; made safe with all others at the end, as nobody relies on it before."""
    _folder(path.parent)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while piece := member.source.read(_format.READ_BYTES):
            digest.update(piece)
            target.write(piece)
    if digest.hexdigest() != member.name:
        raise NotTheSame(what=f"the stored file {member.name}")


def _write(path: Path, content: bytes) -> None:
    _folder(path.parent)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)


def _folder(path: Path) -> None:
    if not path.is_dir():
        _folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def _counts(contents: Contents) -> dict[str, int]:
    found = {label: int(table["rows"]) for label, table in contents.manifest.tables.items()}
    return {
        "tickets": found.get("tickets.Ticket", 0),
        "entries": found.get("tickets.Entry", 0),
        "events": found.get("history.Event", 0),
        "files": contents.manifest.blobs,
        "rows": sum(found.values()),
    }


@transaction.atomic
def _remember(contents: Contents, keys: str, counts: dict[str, int]) -> None:
    """The desk itself knows that it was restored: in its record, and among its backups."""
    moment = clock.now()
    BackupRun.objects.create(
        kind=BackupRun.Kind.RESTORE,
        asked_at=moment,
        finished_at=moment,
        file=contents.path.name,
        size_bytes=contents.path.stat().st_size,
        has_keys=contents.has_keys,
        counts=counts,
        percent=100,
    )
    record(
        "desk.restored",
        "desk",
        actor=_OPERATOR,
        data={
            "made_at": contents.header.made_at,
            "made_by": contents.header.version,
            "by": __version__,
            "keys": keys,
            "manifest": hashlib.sha256(contents.manifest_bytes).hexdigest(),
        },
    )
