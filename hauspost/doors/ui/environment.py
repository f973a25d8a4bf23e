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
from markupsafe import Markup, escape

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
    filled = {key: word for key, word in query.items() if word not in (None, "")}
    return reverse(name, args=args) + (f"?{urlencode(filled)}" if filled else "")


@lru_cache(maxsize=256)
def icon(name: str, label: str = "", size: int = 16) -> Markup:
    """A Lucide icon: silent beside its word, or named by `label` when it stands alone."""
    drawing = lucide._render_icon(name, size, stroke_width=1.75)
    start, rest = str(drawing).split(" ", 1)
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(f'{start} class="icon" {spoken} focusable="false" {"".join(rest.splitlines())}')


@lru_cache(maxsize=64)
def versioned_static(path: str) -> str:
    """A static file's address with the mark of its content, so that browsers may keep it for good."""
    found = finders.find(path)
    if not isinstance(found, str):
        raise LookupError(f"There is no static file {path}")
    with open(found, "rb") as file:
        mark = hashlib.sha256(file.read()).hexdigest()[:10]
    return f"{static(path)}?v={mark}"
