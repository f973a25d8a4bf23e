"""What the command and the clock do: make a backup and prune; or try out whether the newest one can be restored."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from hauspost.duties.keeping import archive, backup, runs, secrets_box
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.keeping.refusals import BackupsAreOff, Incomplete
from hauspost.ground import clock, tokens
from hauspost.ground.refusals import Refused

Progress = backup.Progress
_NO_RESTORE_TAKES_LONGER_SECONDS = 12 * 3600


class DrillFailed(Refused):
    """The newest backup could not be restored."""

    code = "drill-failed"
    status = 500

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


def back_up(
    to: Path | None = None,
    *,
    passphrase: str = "",
    prune: bool = False,
    known: int | None = None,
    progress: Progress = lambda share: None,
) -> tuple[backup.Made, list[Path]]:
    """Make a backup in a folder (`to`, else backup_folder) or as a file; answers it, and what was pruned.

    `known` is the run that a worker has claimed. Raises BackupsAreOff, AlreadyAtWork, Incomplete, OSError,
    PassphraseTooShort.
    """
    folder = to or settings.HAUSPOST.backup_folder
    if folder is None:
        raise BackupsAreOff()
    if passphrase:
        # Before there is a run: where nothing was tried, no backup failed.
        secrets_box.refuse_short(passphrase)
    with runs.alone(), runs.running(BackupRun.Kind.BACKUP, known) as run:
        target = folder.absolute() if _is_file(folder) else runs.name_for(folder.absolute(), clock.now())
        run.file = str(target)
        run.save(update_fields=["file"])
        tell = runs.shows_life(run)

        def both(share: float) -> None:
            tell(share)
            progress(share)

        made = backup.make(target, passphrase=passphrase, progress=both)
        run.size_bytes, run.counts, run.has_keys = made.size_bytes, made.counts, made.has_keys
        if made.faulty:
            raise Incomplete(file=target.name, count=len(made.faulty))
    pruned = runs.prune(target.parent, settings.HAUSPOST.backup_keep) if prune else []
    return made, pruned


def _is_file(path: Path) -> bool:
    return path.name.endswith((".tar.gz", ".tgz")) and not path.is_dir()


def drill(
    folder: Path | None = None, *, known: int | None = None, progress: Progress = lambda share: None
) -> tuple[Path, str]:
    """Restore the newest backup in a scratch folder, verify all of it and take it away again.

    Answers the file and what the restore said; where there is no backup yet, one is made. Raises DrillFailed,
    BackupsAreOff.
    """
    folder = folder or settings.HAUSPOST.backup_folder
    if folder is None:
        raise BackupsAreOff()
    newest = folder if folder.is_file() else archive.newest_in(folder)
    if newest is None:
        made, _pruned = back_up(folder, progress=progress)
        newest = made.path
    with runs.alone(), runs.running(BackupRun.Kind.DRILL, known) as run:
        run.file, run.size_bytes = str(newest), newest.stat().st_size
        run.save(update_fields=["file", "size_bytes"])
        said = _restored_elsewhere(newest, runs.shows_life(run))
        made_by = BackupRun.objects.of(BackupRun.Kind.BACKUP).filter(file=str(newest)).first()
        run.counts = made_by.counts if made_by else {}
    return newest, said


def _restored_elsewhere(file: Path, tell: Progress) -> str:
    """By a process of its own, as settings and database are other ones there."""
    scratch = settings.HAUSPOST.data / "drill"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    command = [sys.executable, "-m", "hauspost", "--folder", str(scratch), "restore", str(file)]
    command += ["--keys", str(tokens.ring().path), "--drill"]
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("HAUSPOST_", "DJANGO_"))}
    try:
        with subprocess.Popen(
            command, env=outside, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            said = _listened(process, tell)
        if process.returncode:
            raise DrillFailed(said.strip() or f"The restore ended with status {process.returncode}.")
        return said.strip()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _listened(process: "subprocess.Popen[str]", tell: Progress) -> str:
    """What the restore says, while its row shows life."""
    deadline = clock.now().timestamp() + _NO_RESTORE_TAKES_LONGER_SECONDS
    while True:
        try:
            said, _ = process.communicate(timeout=5)
            return said
        except subprocess.TimeoutExpired:
            tell(0.5)
            if clock.now().timestamp() > deadline:
                process.kill()
