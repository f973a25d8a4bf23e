"""Runs the shipped hauspost-pipe for Postfix, whose own account may not read the program here."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from tests.doors._running import clean_environment
from tests.mta.postfix import ACCOUNT, SHIPPED

# Brings arguments and mail to the deputy, waits for the exit status and passes it on, words included.
_SCRIPT = """#!/bin/sh
job=$(mktemp -d {folder}/jobs/XXXXXX)
printf '%s\\n' "$@" >"$job/arguments"
cat >"$job/mail"
mkfifo "$job/status"
echo "$job" >{folder}/bell
read -r status <"$job/status"
cat "$job/words" >&2
exit "$status"
"""


class Deputy:
    """Stands where /usr/local/lib/hauspost/hauspost-pipe would."""

    def __init__(self, folder: Path, desk: Path) -> None:
        self.folder = folder / "deputy"
        self.folder.mkdir()
        (self.folder / "jobs").mkdir()
        shutil.chown(self.folder / "jobs", ACCOUNT)
        os.mkfifo(self.folder / "bell")
        shutil.chown(self.folder / "bell", ACCOUNT)
        script = self.folder / "hauspost-pipe"
        script.write_text(_SCRIPT.format(folder=self.folder))
        script.chmod(0o755)
        self.program = self._shipped(desk)
        # Statuses in the order they were answered.
        self.answered: list[int] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _shipped(self, desk: Path) -> Path:
        """The real script, with the program and the folder of this test."""
        text = (SHIPPED / "hauspost-pipe").read_text()
        placed = text.replace("/opt/hauspost/bin/hauspost --folder", f"{sys.executable} -m hauspost --folder")
        program = self.folder / "shipped"
        program.write_text(placed.replace("/var/lib/hauspost", str(desk)))
        program.chmod(0o755)
        return program

    def _serve(self) -> None:
        # Open for writing, too, so that the bell never reports its end.
        with os.fdopen(os.open(self.folder / "bell", os.O_RDWR), "r") as bell:
            for line in bell:
                self._run(Path(line.strip()))

    def _run(self, job: Path) -> None:
        arguments = (job / "arguments").read_text().splitlines()
        with (job / "mail").open("rb") as mail, (job / "words").open("wb") as words:
            done = subprocess.run([self.program, *arguments], stdin=mail, stderr=words, env=clean_environment())
        self.answered.append(done.returncode)
        (job / "words").chmod(0o644)
        (job / "status").write_text(f"{done.returncode}\n")
