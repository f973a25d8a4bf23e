"""What every test may use: the company's named cast, and a desk that receives letters."""

from collections.abc import Iterator

import pytest

from tests.desk import Desk


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    """The company with its named cast; mail comes and goes for real, but within the test's transaction."""
    yield Desk.opened()
