"""Sending the forms of the settings as a browser would: what they hold, with some of it changed."""

import html
import re
from typing import Any

from django.test import Client

from hauspost.records.people.models import Person
from tests.desk import Desk

SETTINGS = "/desk/settings"


def again(desk: Desk, name: str) -> Person:
    found: Person = Person.objects.select_related("department", "line_manager").get(pk=desk.person(name).pk)
    return found


def path(desk: Desk, name: str, noun: str = "") -> str:
    return f"{SETTINGS}/people/{desk.person(name).uid}" + (f"/{noun}" if noun else "")


def form_of(page: str, action: str) -> dict[str, str]:
    """What a form holds, as a browser would send it; `action` is how its address ends."""
    found = re.search(rf'<form[^>]*action="[^"]*{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert found is not None, f"no form for {action}"
    inner, sent = found[1], {}
    for tag in re.findall(r"<input[^>]*>", inner):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', inner, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        sent[name] = html.unescape(chosen[1]) if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', inner, re.DOTALL):
        sent[name] = html.unescape(text)
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def sends(client: Client, page_path: str, action: str, **changes: str) -> Any:
    """Open a page, change some of a form's fields, send it; answers what comes back."""
    page = client.get(page_path).text
    target = page_path.partition("?")[0].rstrip("/")
    return client.post(f"{target}/{action}" if action else target, form_of(page, action) | changes, follow=True)
