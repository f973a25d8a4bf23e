"""The addresses that answers name, in full: a program need not put any together."""

from django.conf import settings


def address_of(path: str) -> str:
    """The address of something below /api/v1/."""
    return f"{settings.HAUSPOST.public_url.rstrip('/')}/api/v1/{path}"


def ticket_address(number: int) -> str:
    """A ticket's address."""
    return address_of(f"tickets/{number}")


def entry_address(number: int, seq: int) -> str:
    """An entry's address."""
    return address_of(f"tickets/{number}/entries/{seq}")
