"""The readable page of an export: it stands alone, without a program, a script or a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1e1d1a}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}
td,th{border-bottom:1px solid #ddd;padding:.4rem .6rem;text-align:start;vertical-align:top;overflow-wrap:anywhere;
white-space:pre-wrap}td:first-child{white-space:normal;min-width:9rem}h2{font-size:1.1rem;margin:2rem 0 0}"""


@dataclass(frozen=True)
class Table:
    """A heading and what stands under it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def page(title: str, made_at: datetime, tables: Sequence[Table]) -> str:
    """A whole page of these tables; every word is escaped."""
    intro = _(
        "This is what Hauspost holds about this person, made on %(moment)s. Other people’s names and words are left "
        "out. The same stands in person.json for programs; files and original mails lie beside it."
    ) % {"moment": _said(made_at)}
    body = "".join(_table(one) for one in tables)
    language = escape(get_language() or "en")
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(intro)}</p>{body}</body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_said(value))}</td>" for value in row) + "</tr>" for row in table.rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<h2>{escape(table.title)}</h2><table>{head}<tbody>{rows}</tbody></table>\n"


def _said(value: Any) -> str:
    """A value as one reads it; moments in the reader's zone."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return str(value)
