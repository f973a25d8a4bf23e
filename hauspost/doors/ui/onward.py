"""Where a form may lead next: only to a page of ours (S23, S26)."""

from django.utils.http import url_has_allowed_host_and_scheme


def wanted_in(asked: str) -> str:
    """The address that was asked for, if it is one of ours; else ""."""
    return asked if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else ""
