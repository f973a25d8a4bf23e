"""What the tests of the ground share."""

from collections.abc import Iterator

import pytest

from .signing import Post, post_room


@pytest.fixture(scope="session")
def post() -> Iterator[Post]:
    """People who sign and encrypt their mails."""
    with post_room() as room:
        yield room
