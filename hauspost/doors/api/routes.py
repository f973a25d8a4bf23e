"""One decorator for every route: its scope, what it reads, what it gives, and what it may refuse, told to OpenAPI."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Router, Status
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from hauspost.doors.api.callers import Caller, known_caller
from hauspost.doors.api.door import body_size_bytes
from hauspost.doors.api.refusals import OtherMediaType
from hauspost.doors.api.shapes.common import Problem
from hauspost.ground.refusals import Invalid

JSON = "application/json"
MULTIPART = "multipart/form-data"
# What every address may refuse; whoever changes something, more.
_READING = (401, 403, 404, 422, 429)
_CHANGING = (400, 401, 403, 404, 409, 413, 415, 422, 429)

View = TypeVar("View", bound=Callable[..., Any])


class Gate:
    """Looks at a request before anything of it is parsed: scope, form of the body, no unknown parameter."""

    def __init__(self, scopes: tuple[str, ...], media: tuple[str, ...]) -> None:
        self.scopes, self.media = scopes, media
        self.parameters: frozenset[str] = frozenset()
        # Those that take several values.
        self.lists: frozenset[str] = frozenset()

    def bind(self, operation: Operation) -> None:
        """Learn which parameters the operation knows."""
        names: set[str] = set()
        lists: set[str] = set()
        for model in operation.models:
            if model.__ninja_param_source__ == "query":
                names |= set(getattr(model, "__ninja_flatten_map__", None) or model.model_fields)
                lists |= set(getattr(model, "__ninja_collection_fields__", ()))
        self.parameters, self.lists = frozenset(names), frozenset(lists)

    def __call__(self, request: HttpRequest) -> Caller:
        """Who may pass. Raises ScopeMissing, OtherMediaType, Invalid."""
        caller = known_caller(request)
        if self.scopes and not any(caller.may(scope) for scope in self.scopes):
            caller.needs(self.scopes[0])
        self._refuse_media(request)
        if request.content_type == MULTIPART and MULTIPART in self.media:
            _unpack(request)
        unknown = sorted(set(request.GET) - self.parameters)
        if unknown:
            raise Invalid(unknown[0][:100], _("there is no such parameter here"))
        # Of two values where one is asked for, one would be passed over without a word.
        twice = sorted(name for name, values in request.GET.lists() if len(values) > 1 and name not in self.lists)
        if twice:
            raise Invalid(twice[0], _("give this parameter once"))
        return caller

    def _refuse_media(self, request: HttpRequest) -> None:
        if body_size_bytes(request) and request.content_type not in self.media:
            found = (request.content_type or "–")[:100]
            raise OtherMediaType(found=found, wanted=" / ".join(self.media))


def _unpack(request: HttpRequest) -> None:
    """Of a form, the part "json" is the body; its files are read where they are wanted."""
    unknown = sorted((set(request.POST) | set(request.FILES)) - {"json", "files"})
    if unknown:
        raise Invalid(unknown[0][:100], _("there is no such field here"))
    request._body = request.POST.get("json", "{}").encode("utf-8", "surrogatepass")


class Routes:
    """The routes of one chapter of the API."""

    def __init__(self, chapter: str) -> None:
        self.router = Router(tags=[chapter])

    def get(self, path: str, *, scope: str | tuple[str, ...], gives: Any = None, **more: Any) -> Callable[[View], View]:
        """A question. `scope` is what the token needs: one, or one of several; "" for any valid token."""
        return self._route("GET", path, scope, gives, 200, **more)

    def post(
        self, path: str, *, scope: str | tuple[str, ...], gives: Any, status: int = 201, **more: Any
    ) -> Callable[[View], View]:
        """Something new: an entry, a participant, or a change of state as a noun."""
        return self._route("POST", path, scope, gives, status, **more)

    def put(self, path: str, *, scope: str, gives: Any, **more: Any) -> Callable[[View], View]:
        """One thing, set as it shall be."""
        return self._route("PUT", path, scope, gives, 200, **more)

    def patch(self, path: str, *, scope: str, gives: Any, **more: Any) -> Callable[[View], View]:
        """Several fields; what is not named stays as it is."""
        return self._route("PATCH", path, scope, gives, 200, **more)

    def delete(self, path: str, *, scope: str, gives: Any, **more: Any) -> Callable[[View], View]:
        """Something goes."""
        return self._route("DELETE", path, scope, gives, 200, **more)

    def _route(
        self,
        method: str,
        path: str,
        scope: str | tuple[str, ...],
        gives: Any,
        status: int,
        *,
        files: bool = False,
        bytes_as: str = "",
        also: tuple[int, ...] = (),
    ) -> Callable[[View], View]:
        scopes = (scope,) if isinstance(scope, str) else scope
        scopes = tuple(one for one in scopes if one)
        gate = Gate(scopes, (JSON, MULTIPART) if files else (JSON,))
        refuses = (*(_READING if method == "GET" else _CHANGING), *also)
        answers: dict[int, Any] = {status: gives, **dict.fromkeys(refuses, Problem)}

        def made(view: View) -> View:
            summary, description = _told(view, scopes)

            @wraps(view)
            def routed(request: HttpRequest, *args: Any, **named: Any) -> Any:
                result = view(request, *args, **named)
                return result if isinstance(result, HttpResponseBase) else Status(status, result)

            contribute_operation_callback(routed, gate.bind)
            self.router.api_operation(
                [method],
                path,
                auth=gate,
                response=answers,
                operation_id=view.__name__,
                summary=summary,
                description=description,
                openapi_extra=_extra(status, files, bytes_as),
            )(routed)
            return view

        return made


def _told(view: Callable[..., Any], scopes: tuple[str, ...]) -> tuple[str, str]:
    """Summary and description, from the docstring: it is the manual."""
    summary, _blank, rest = inspect.cleandoc(view.__doc__ or "").partition("\n")
    needs = " or ".join(f"`{scope}`" for scope in scopes)
    scope = f"Needs the scope {needs}." if needs else "Any valid token will do."
    return summary.strip().rstrip("."), "\n\n".join(part for part in (rest.strip(), scope) if part)


def _extra(status: int, files: bool, bytes_as: str) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if bytes_as:
        extra["responses"] = {status: {"content": {bytes_as: {"schema": {"type": "string", "format": "binary"}}}}}
    if files:
        extra["x-takes-files"] = True
    return extra
