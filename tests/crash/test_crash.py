"""A sample of bin/crash: killed at random, once without room on the disk. The whole of it is `bin/crash`."""

import re
import subprocess
import sys

import pytest

from tests.doors._running import REPOSITORY


@pytest.mark.once
@pytest.mark.slow
def test_whoever_is_killed_and_whatever_is_full_every_mail_is_there_once() -> None:
    """P2.1, P12.1, P12.3, P37.1: by SMTP, LMTP and IMAP at once; acknowledgements and the sealed record included."""
    words = ["--database", "sqlite", "--mails", "250", "--rate", "10", "--seed", "4"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.run", *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=600
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(re.findall(r"^([\w ]+): (\S+)", done.stdout, re.MULTILINE))
    assert int(told["accepted"]) == int(told["filed"]) > 200
    assert (told["quarantined"], told["lost"], told["doubled"], told["faults"]) == ("0", "0", "0", "0")
    assert int(told["kills"]) >= 5
