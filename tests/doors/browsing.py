"""Browsers without a screen: somebody of the cast signed in, and what a page says to the eye."""

import html
import re

from django.test import Client

from tests.desk import Desk

BACKEND = "hauspost.records.people.login.AddressBackend"


def browser(desk: Desk, name: str, *, language: str = "en", **more: object) -> Client:
    """A browser in which somebody of the cast is signed in, reading in a language."""
    person = desk.person(name)
    # Roles were given since: sessions are bound to the person as it stands now (S13).
    person.refresh_from_db()
    person.language = language
    person.save(update_fields=["language"])
    client = Client(**more)  # type: ignore[arg-type]
    client.force_login(person, backend=BACKEND)
    return client


def administrator(desk: Desk, name: str = "karim") -> Client:
    """The same, for whoever maintains the system."""
    person = desk.person(name)
    person.refresh_from_db()
    person.is_administrator = True
    person.save(update_fields=["is_administrator"])
    return browser(desk, name)


def words(page: str) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return html.unescape(found[1])
