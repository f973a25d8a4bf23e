"""The way in for programs: who calls, the one route, exactly once; and every refusal as problem+json."""

import json
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern
from django.views.decorators.csrf import csrf_exempt

from hauspost.doors.api.callers import Caller, caller_of, speak
from hauspost.doors.api.once import once
from hauspost.doors.api.refusals import BodyTooBig, NoSuchMethod, NotUnderstood
from hauspost.doors.ui.formats import size
from hauspost.doors.ui.problems import problem
from hauspost.ground.refusals import Invalid, NotFound, Refused


@lru_cache(maxsize=1)
def _routes() -> URLResolver:
    """All routes. Loaded when a program first asks: whoever uses pages only does not carry them in memory."""
    from hauspost.doors.api.v1 import api

    return URLResolver(RegexPattern(r"^"), api.urls[0])


# No cookie opens anything here, so there is nothing that another site could make a browser send (S23).
@csrf_exempt
def answer(request: HttpRequest, path: str) -> HttpResponseBase:
    """Everything below /api/v1/ that is no page."""
    try:
        # Before anybody is known, refusals speak the language of the request.
        speak(request, None)
        caller = caller_of(request)
        language = speak(request, caller.person)
        response = _served(request, path, caller)
    except Refused as refused:
        response, language = of_refusal(refused), request.LANGUAGE_CODE
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    response["Vary"] = "Authorization, Accept-Language"
    response["Content-Language"] = language
    return response


@csrf_exempt
def nowhere(request: HttpRequest, path: str = "") -> HttpResponse:
    """Below /api/, but no version that there is."""
    return of_refusal(NotFound())


def _served(request: HttpRequest, path: str, caller: Caller) -> HttpResponseBase:
    request.caller = caller  # type: ignore[attr-defined]
    if body_size_bytes(request) > settings.HAUSPOST.mail_size_limit:
        raise BodyTooBig(allowed=size(settings.HAUSPOST.mail_size_limit))
    try:
        match = _routes().resolve(path)
    except Resolver404:
        raise NotFound from None
    try:
        response = once(request, caller, lambda: match.func(request, *match.args, **match.kwargs))
    except RequestDataTooBig as fault:
        raise BodyTooBig(allowed=size(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)) from fault
    except (SuspiciousOperation, MultiPartParserError, UnreadablePostError) as fault:
        raise NotUnderstood from fault
    if response.status_code == 405:
        refused = of_refusal(NoSuchMethod(method=request.method))
        refused["Allow"] = response.headers.get("Allow", "")
        return refused
    if response.status_code == 201 and isinstance(response, HttpResponse):
        response["Location"] = json.loads(response.content)["href"]
    return response


def body_size_bytes(request: HttpRequest) -> int:
    """How much a request says that it brings; 0 for none."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdecimal() else 0


def of_refusal(refused: Refused) -> HttpResponse:
    """A refusal as problem+json."""
    errors = []
    if isinstance(refused, Invalid):
        errors = [{"field": str(refused.about["field"]), "reason": str(refused.about["reason"])}]
    response = problem(refused.status, refused.code, str(refused), errors=errors)
    if refused.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Hauspost"'
    if refused.status == 429:
        response["Retry-After"] = "900"
    if refused.code == "idempotency-key-in-use":
        response["Retry-After"] = "1"
    return response
