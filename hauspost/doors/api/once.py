"""Exactly once: a change that is sent again with the same key is answered again, and not done again (P38.3)."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from hauspost.doors.api.callers import Caller
from hauspost.doors.api.models import IdempotencyKey
from hauspost.doors.api.refusals import KeyUsedOtherwise, StillWorking
from hauspost.ground import clock
from hauspost.ground.db import try_hold
from hauspost.ground.refusals import Invalid

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
_LONGEST = 200
_SWEPT_AT_ONCE = 500


def once(request: HttpRequest, caller: Caller, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do it, or repeat the answer of the first time. Raises KeyUsedOtherwise, StillWorking, Invalid.

    The key is written in the transaction of the change itself: either both are there, or neither. What is refused
    changes nothing and is not kept: it may be tried again with the same key.
    """
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return act()
    if not (0 < len(key) <= _LONGEST and key.isascii() and key.isprintable()):
        raise Invalid(HEADER, _("take 1 to 200 printable characters, a UUID for example"))
    key_hash, request_hash = hashlib.sha256(key.encode()).hexdigest(), _fingerprint(request)
    with transaction.atomic():
        if not try_hold(f"once {caller.person.pk} {key_hash}".encode()):
            raise StillWorking
        _forget_old()
        rows = IdempotencyKey.objects.filter(person=caller.person, key_hash=key_hash)
        kept = rows.filter(created_at__gt=clock.now() - KEPT).first()
        if kept is not None:
            return _again(kept, request_hash)
        rows.delete()
        answer = act()
        if answer.status_code >= 300 or not isinstance(answer, HttpResponse):
            transaction.set_rollback(True)
            return answer
        IdempotencyKey.objects.create(
            person=caller.person,
            key_hash=key_hash,
            request_hash=request_hash,
            status=answer.status_code,
            body=_to_keep(request, answer),
            created_at=clock.now(),
        )
    return answer


def tell_once(request: HttpRequest, field: str) -> None:
    """Let a secret stand in this answer alone: where the answer is told again, the field is null (S12)."""
    request.told_once = field  # type: ignore[attr-defined]


def _to_keep(request: HttpRequest, answer: HttpResponse) -> str:
    secret = getattr(request, "told_once", "")
    return json.dumps(json.loads(answer.content) | {secret: None}) if secret else answer.content.decode()


def _again(kept: IdempotencyKey, request_hash: str) -> HttpResponse:
    if kept.request_hash != request_hash:
        raise KeyUsedOtherwise
    answer = HttpResponse(kept.body, status=kept.status, content_type="application/json; charset=utf-8")
    answer["Idempotent-Replayed"] = "true"
    return answer


def _fingerprint(request: HttpRequest) -> str:
    """What was asked, without what differs when the same is sent again (the boundary of a multipart body)."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\0".encode("utf-8", "surrogatepass"))
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for name, texts in sorted(request.POST.lists()):
        digest.update(repr((name, texts)).encode("utf-8", "surrogatepass"))
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            content = hashlib.sha256()
            for chunk in file.chunks():
                content.update(chunk)
            file.seek(0)
            said = repr((name, file.name, file.content_type, content.hexdigest()))
            digest.update(said.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _forget_old() -> None:
    old = IdempotencyKey.objects.filter(created_at__lte=clock.now() - KEPT)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:_SWEPT_AT_ONCE])
    if ids:
        IdempotencyKey.objects.filter(pk__in=ids).delete()
