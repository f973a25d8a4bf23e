"""The OpenAPI description (3.1) of version 1: what the routes say of themselves, and what holds for all of them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

from hauspost.doors.api.once import HEADER
from hauspost.doors.ui.problems import MEDIA_TYPE

_ABOUT = """Everything the pages do, for programs: the same verbs, the same rights.

Send an access token with every request: `Authorization: Bearer hp_…`. A token acts as its person or integration, within
its scopes. What you may not see and what does not exist get the same 404.

Lists are pages: follow `next` with `cursor` until it is null. Moments are UTC (RFC 3339). Refusals are
`application/problem+json` with a `code` that never changes. Every POST may carry an `Idempotency-Key`: sent again
within 24 hours, the same request is answered again and not done again."""
_REFUSED = {
    400: "The body cannot be read.",
    401: "No valid token.",
    403: "The token lacks the scope, or you lack the right.",
    404: "Not there, or not yours to see.",
    409: "Not possible as it stands now: the detail says why.",
    413: "Too big.",
    415: "Not a form that is read here.",
    422: "A field cannot be taken: `errors` names it.",
    429: "Too many wrong tokens from your address.",
    500: "Our fault.",
}
_KEY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Any 1 to 200 printable characters, a UUID for example: the same request with the same key is done "
    "once (24 hours).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "0b5c2f0e-7d1c-4f3b-9a55-2f6a1c7f8e10",
}


@lru_cache(maxsize=1)
def described() -> Mapping[str, Any]:
    """The whole description; made once."""
    from hauspost.doors.api.v1 import CHAPTERS, api

    schema: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=""))
    schema["info"] = {"title": "Hauspost", "version": "1", "description": _ABOUT}
    schema["servers"] = [{"url": f"{settings.HAUSPOST.public_url.rstrip('/')}/api/v1"}]
    schema["security"] = [{"token": []}]
    schema["tags"] = [
        {"name": name, "description": (chapter.__doc__ or "").strip()}
        for chapter in CHAPTERS
        for name in chapter.routes.router.tags or ()
    ]
    schema["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer hp_…`"}
    }
    for method, operation in operations(schema):
        _complete(method, operation)
    return schema


def operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its method."""
    for methods in schema["paths"].values():
        yield from methods.items()


def _complete(method: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"token": []}]
    if method == "post":
        operation["parameters"].append(_KEY_PARAMETER)
    body = operation.get("requestBody", {}).get("content", {})
    if operation.pop("x-takes-files", False):
        files = {"type": "array", "items": {"type": "string", "format": "binary"}}
        parts = {"json": body["application/json"]["schema"], "files": files}
        body["multipart/form-data"] = {
            "schema": {"type": "object", "properties": parts, "additionalProperties": False},
            "encoding": {"json": {"contentType": "application/json"}},
        }
    for status, answer in operation["responses"].items():
        if status >= 400:
            answer["description"] = _REFUSED[status]
            answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        elif status == 201:
            answer["headers"] = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
