"""Refusals for programs: problem+json (RFC 9457) instead of a page, in the reader's language."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"

_TITLES: Mapping[int, Any] = {
    400: _("Not understood"),
    401: _("Not recognised"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Not possible here"),
    409: _("Not possible now"),
    410: _("No longer there"),
    413: _("Too big"),
    415: _("Not a form we read"),
    422: _("Not acceptable as it is"),
    429: _("Too many tries"),
    500: _("Something went wrong on our side"),
}


def is_for_a_program(request: HttpRequest) -> bool:
    """Is this asked below /api/? Then even a refusal of the house itself is no page."""
    return request.path_info.startswith("/api/")


def problem(
    status: int, code: str, detail: str, *, errors: Sequence[Mapping[str, str]] = (), **more: Any
) -> HttpResponse:
    """A refusal as a program reads it: `code` never changes, `detail` is for people, `errors` name fields."""
    base = settings.HAUSPOST.public_url.rstrip("/")
    told: dict[str, Any] = {
        "type": f"{base}/api/v1/docs#{code}",
        "title": str(_TITLES.get(status, _TITLES[500])),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        told["errors"] = [dict(error) for error in errors]
    answer = HttpResponse(json.dumps(told | more, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)
    answer["Cache-Control"] = "no-store"
    return answer
