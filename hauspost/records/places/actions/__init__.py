"""The verbs of places: the only way to change them."""

from hauspost.records.places.actions.locations import (
    add_location,
    archive_location,
    change_location,
    restore_location,
)
from hauspost.records.places.actions.sites import add_site, archive_site, change_site, restore_site
from hauspost.records.places.actions.workplaces import forget_workplace, seat, seat_many, unseat

__all__ = [
    "add_location", "add_site", "archive_location", "archive_site", "change_location", "change_site",
    "forget_workplace", "restore_location", "restore_site", "seat", "seat_many", "unseat",
]  # fmt: skip
