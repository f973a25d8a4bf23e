"""Closed tickets cost nothing for the open views, however many there are (P15.4)."""

import pytest
from django.db import connection

from hauspost.records.tickets.models import Ticket
from tests.desk import Desk


@pytest.mark.parametrize("view", ["open", "assigned"])
def test_open_views_read_what_is_open_and_nothing_else(desk: Desk, view: str) -> None:
    """P15.4: the database walks along an index of open tickets alone, already in the order shown."""
    desk.ticket("petra")
    found = Ticket.objects.at_desk_of(desk.actor("anna")).open()
    if view == "assigned":
        found = found.assigned_to(desk.person("anna"))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Of a few rows PostgreSQL reads all and sorts them.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = found.newest_first()[:50].explain()
    assert any(index in plan for index in ("open_of_team", "open_of_assignee", "open_by_news")), plan
    assert "Sort" not in plan, plan
