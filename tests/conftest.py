"""What every test may use: the company's named cast, and a desk that receives letters."""

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
