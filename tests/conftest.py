"""What every test may use: the company's named cast, and a desk that receives letters."""

import os
import shutil

import pytest

from tests.desk import Desk


@pytest.fixture
def desk(db: None) -> Desk:
    """The company with its named cast; mail comes and goes for real, but within the test's transaction."""
    return Desk.opened()


@pytest.fixture
def lasting_desk(transactional_db: None) -> Desk:
    """The same with real commits, for what crosses connections, processes or files."""
    return Desk.opened()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's Chromium; as root it runs without its own sandbox."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return browser_type_launch_args | {"executable_path": path, "chromium_sandbox": os.geteuid() != 0}
