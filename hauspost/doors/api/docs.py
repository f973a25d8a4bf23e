"""The description of the API: OpenAPI for programs, and a page for people, made of the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from hauspost.doors.api.callers import caller_of, speak
from hauspost.doors.api.door import of_refusal
from hauspost.doors.api.schema import described
from hauspost.doors.ui.acting import signed_in
from hauspost.doors.ui.pages import page
from hauspost.ground.refusals import Refused


@dataclass(frozen=True)
class Field:
    """One field or parameter, in a line."""

    name: str
    kind: str
    about: str
    is_required: bool


@dataclass(frozen=True)
class Told:
    """One operation, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    about: list[str]
    parameters: list[Field]
    fields: list[Field]
    gives: str
    refuses: list[int]


@dataclass(frozen=True)
class Code:
    """One refusal: its code, its status, and its words."""

    code: str
    status: int
    words: str


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/openapi.json: for anybody with a session or a token; it holds nothing of the company."""
    if not request.user.is_authenticated:
        try:
            speak(request, None)
            caller_of(request)
        except Refused as refused:
            return of_refusal(refused)
    answer = JsonResponse(described(), json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "private, max-age=300"
    return answer


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/docs: every operation, what it reads and what it gives; and all refusals."""
    schema = described()
    chapters = [(tag["name"], tag["description"], list(_operations_of(schema, tag["name"]))) for tag in schema["tags"]]
    shapes = [
        (name, shape.get("description", ""), list(_fields(shape)))
        for name, shape in sorted(schema["components"]["schemas"].items())
    ]
    return page(
        request,
        "api/docs.html",
        about=schema["info"]["description"].split("\n\n"),
        server=schema["servers"][0]["url"],
        chapters=chapters,
        shapes=shapes,
        shape_names=frozenset(schema["components"]["schemas"]),
        codes=sorted(_codes(Refused), key=lambda code: (code.status, code.code)),
    )


def _operations_of(schema: Mapping[str, Any], chapter: str) -> Iterator[Told]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if chapter in operation["tags"]:
                yield _told(method, path, operation)


def _told(method: str, path: str, operation: Mapping[str, Any]) -> Told:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    good = next(answer for status, answer in operation["responses"].items() if status < 300)
    kinds = [_kind(content["schema"]) for content in good.get("content", {}).values()]
    return Told(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=operation["description"].split("\n\n"),
        parameters=[
            Field(one["name"], _kind(one["schema"]), one.get("description", ""), one["required"])
            for one in operation["parameters"]
            if one["in"] != "header"
        ],
        fields=[Field("", _kind(body), "", True)] if body else [],
        gives=", ".join(kinds),
        refuses=[status for status in operation["responses"] if status >= 400],
    )


def _fields(shape: Mapping[str, Any]) -> Iterator[Field]:
    required = set(shape.get("required", ()))
    for name, one in shape.get("properties", {}).items():
        yield Field(name, _kind(one), one.get("description", ""), name in required)


def _kind(one: Mapping[str, Any]) -> str:
    """What may stand there, in a word or two."""
    if "$ref" in one:
        return str(one["$ref"]).rpartition("/")[2]
    for choice in ("anyOf", "allOf", "oneOf"):
        if choice in one:
            return " | ".join(dict.fromkeys(_kind(part) for part in one[choice]))
    if "enum" in one:
        return " | ".join(str(value) or '""' for value in one["enum"])
    if "const" in one:
        return str(one["const"]) or '""'
    if one.get("type") == "array":
        return f"[{_kind(one.get('items', {}))}]"
    return str(one.get("format") or one.get("type") or "any")


def _codes(kind: type[Refused]) -> Iterator[Code]:
    seen: set[str] = set()
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.code not in seen and one is not Refused:
            seen.add(one.code)
            yield Code(one.code, one.status, str(one.words))
