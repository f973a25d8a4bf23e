"""The Jinja2 environment of all our pages: strict, translated, with icons and formats at hand."""

import hashlib
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import lucide
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from hauspost.doors.ui import formats

_RAW = (datetime, date, time, timedelta, float, Decimal)


def environment(**options: Any) -> Environment:
    """The environment Django's Jinja2 backend asks for."""
    options |= {"undefined": StrictUndefined, "finalize": refuse_raw, "trim_blocks": True, "lstrip_blocks": True}
    env = Environment(extensions=["jinja2.ext.i18n"], **options)
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.policies["ext.i18n.trimmed"] = True
    env.globals.update(static=versioned_static, url=url, icon=icon, zip=zip)
    env.filters.update(formats.FILTERS)
    return env


def refuse_raw(shown: Any) -> Any:
    """Stop a page that would show a moment or a fraction in no person's format; the filters know how."""
    if isinstance(shown, _RAW):
        raise TypeError(f"{type(shown).__name__} needs a filter of hauspost.doors.ui.formats before it is shown")
    return shown


def url(name: str, *args: object, **query: object) -> str:
    """The address of a page, with what is not empty of `query` behind it."""
    if not args and not query:
        return _plain_url(name)
    filled = {key: word for key, word in query.items() if word not in (None, "")}
    return reverse(name, args=args) + (f"?{urlencode(filled)}" if filled else "")


@lru_cache(maxsize=128)
def _plain_url(name: str) -> str:
    return reverse(name)


def icon(name: str, label: str = "") -> Markup:
    """A Lucide icon: silent beside its word, or named by `label` when it stands alone."""
    if not label:
        return _silent_icon(name)
    return Markup('<svg class="icon" role="img" aria-label="{}" {}').format(label, _drawing(name))


@lru_cache(maxsize=128)
def _silent_icon(name: str) -> Markup:
    return Markup(f'<svg class="icon" aria-hidden="true" {_drawing(name)}')


@lru_cache(maxsize=128)
def _drawing(name: str) -> Markup:
    drawing = str(lucide._render_icon(name, 16, stroke_width=1.75)).removeprefix("<svg ")
    return Markup("".join(line.strip() for line in drawing.splitlines()))


@lru_cache(maxsize=64)
def versioned_static(path: str) -> str:
    """A static file's address with the mark of its content, so that browsers may keep it for good."""
    found = finders.find(path)
    if not isinstance(found, str):
        raise LookupError(f"There is no static file {path}")
    with open(found, "rb") as file:
        mark = hashlib.sha256(file.read()).hexdigest()[:10]
    return f"{static(path)}?v={mark}"
