"""What is wrong with a request's fields, in words: pydantic knows English only."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hauspost.doors.api.shapes.common import told_moment
from hauspost.doors.ui.problems import problem
from hauspost.ground.refusals import NotFound
from hauspost.records.people.models import Named, Person
from hauspost.records.tickets.refusals import Changed

Context = Mapping[str, Any]

_REASONS: Mapping[str, Callable[[Context], str]] = {
    "missing": lambda ctx: _("is missing"),
    "extra_forbidden": lambda ctx: _("there is no such field here"),
    "string_type": lambda ctx: _("give a text"),
    "string_unicode": lambda ctx: _("give a text in whole characters"),
    "string_too_short": lambda ctx: _("is too short"),
    "string_too_long": lambda ctx: (
        ngettext("at most %(count)s character", "at most %(count)s characters", ctx["max_length"])
        % {"count": ctx["max_length"]}
    ),
    "string_pattern_mismatch": lambda ctx: _("has characters that are not possible here"),
    "int_type": lambda ctx: _("give a whole number"),
    "int_parsing": lambda ctx: _("give a whole number"),
    "int_parsing_size": lambda ctx: _("this number is too big"),
    "int_from_float": lambda ctx: _("give a whole number"),
    "bool_type": lambda ctx: _("give true or false"),
    "bool_parsing": lambda ctx: _("give true or false"),
    "greater_than_equal": lambda ctx: _("at least %(count)s") % {"count": ctx["ge"]},
    "less_than_equal": lambda ctx: _("at most %(count)s") % {"count": ctx["le"]},
    "literal_error": lambda ctx: _("one of: %(values)s") % {"values": ctx["expected"]},
    "list_type": lambda ctx: _("give a list"),
    "dict_type": lambda ctx: _("give an object"),
    "model_attributes_type": lambda ctx: _("give an object"),
    "too_long": lambda ctx: _("at most %(count)s") % {"count": ctx["max_length"]},
    "value_error": lambda ctx: (
        _("give a day like 2026-12-01")
        if "day" in str(ctx.get("error"))
        else _("give a moment like 2026-12-01T14:00:00Z")
    ),
}


def of_fields(errors: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """422 with every field that is wrong; for an address that names nothing possible, 404 like for any unknown (S5)."""
    if any(error["loc"][0] == "path" for error in errors):
        return problem(404, NotFound.code, str(NotFound()))
    told = [{"field": _field(error["loc"]), "reason": _reason(error)} for error in errors[:50]]
    first = told[0]
    detail = _("%(field)s: %(reason)s") % first if first["field"] else first["reason"]
    return problem(422, "invalid", detail, errors=told)


def _field(loc: Sequence[Any]) -> str:
    """Where it stands: after the source (query, body) and ninja's name for the whole body."""
    inside = loc[2:] if loc[0] == "body" else loc[1:]
    return ".".join(str(step) for step in inside)[:200]


def _reason(error: Mapping[str, Any]) -> str:
    say = _REASONS.get(str(error["type"]))
    return say(error.get("ctx", {})) if say is not None else _("is not what can be read here")


def of_conflict(changed: Changed, *, tell_values: bool) -> HttpResponse:
    """409 with both values of every field that somebody else has changed; to a token that may read them."""
    if not tell_values:
        return problem(409, changed.code, str(changed))
    conflicts = {
        field: {"now": _plain(now), "wanted": _plain(wanted)}
        for field, (now, wanted) in changed.about["conflicts"].items()
    }
    return problem(409, changed.code, str(changed), conflicts=conflicts)


def _plain(value: Any) -> Any:
    if isinstance(value, Person):
        return str(value.uid)
    if isinstance(value, Named):
        return value.key
    return told_moment(value) if isinstance(value, datetime) else value
