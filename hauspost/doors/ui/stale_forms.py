"""A form whose token or session ended: the two addresses are named when they differ; typed text is never lost."""

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from hauspost.doors.ui.pages import page
from hauspost.ground import logs
from hauspost.records.people.factors import passkeys

log = logging.getLogger("hauspost.pages")

# Never sent back, as a page might be left open or be copied: what proves who somebody is.
_SECRET = re.compile(r"csrfmiddlewaretoken|again|code|.*(password|token|secret).*")
# What the sign-in page sends itself.
_NOT_KEPT = ("credential", "next")
_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]_]{1,253}")


def is_secret(name: str) -> bool:
    """A field whose content is never shown or kept: what was typed there has to be typed again (S21)."""
    return _SECRET.fullmatch(name) is not None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: a wrong public URL (P18.1), or a token of another session (P18.3).

    A form from our own page comes back filled, to be sent once more with a fresh token. Whoever is signed in now is
    named: it may be another person than the one who wrote.
    """
    seen = origin_seen(request)
    differs = seen != settings.HAUSPOST.public_origin
    log.warning("form refused", extra=logs.facts(because="wrong address" if differs else "stale token"))
    if differs:
        return wrong_address(request, seen, status=403, typed=_long_texts(request))
    if _is_from_our_page(request) and request.path == reverse("sign-in") and request.user.is_authenticated:
        # Signed in already, in another tab.
        return HttpResponseRedirect(request.get_full_path())
    secret = any(is_secret(name) and name != "csrfmiddlewaretoken" for name in request.POST)
    if not _is_from_our_page(request) or secret:
        again = request.get_full_path() if secret and _is_from_our_page(request) else ""
        return _whole(request, "ui/csrf.html", differs=False, again=again, typed=_long_texts(request))
    kept = [(name, text) for name, texts in request.POST.lists() if not is_secret(name) for text in texts]
    return _whole(request, "ui/stale.html", target=request.get_full_path(), kept=kept, lost_files=bool(request.FILES))


def kept_for_after(request: HttpRequest) -> HttpResponse:
    """A form was sent after the session had ended: ask to sign in, and carry what was typed along (P18.3, P23.2)."""
    kept = [(f"kept-{name}", text) for name, texts in request.POST.lists() if _is_kept(name) for text in texts]
    return page(
        request,
        "ui/signing/address.html",
        status=401,
        next=request.get_full_path(),
        address="",
        wrong=_("Your session has ended. Sign in again; what you wrote is kept."),
        kept=kept,
        lost_files=bool(request.FILES),
        passkeys_possible=passkeys.passkeys_possible(),
    )


def _is_kept(name: str) -> bool:
    return name not in _NOT_KEPT and not is_secret(name)


def wrong_address(
    request: HttpRequest, seen: str, *, status: int, typed: list[tuple[str, str]] | None = None
) -> HttpResponse:
    """A page that names the address we are set to, and the one that was seen (P18.1)."""
    expected = settings.HAUSPOST.public_url
    return _whole(
        request, "ui/csrf.html", status=status, differs=True, expected=expected, seen=seen, typed=typed or [], again=""
    )


def origin_seen(request: HttpRequest) -> str:
    """Scheme, host and port as the browser says, else as the request came to us; nothing but that may be in it."""
    origin = request.META.get("HTTP_ORIGIN", "")
    parts = urlsplit(
        origin if origin not in ("", "null") else f"{request.scheme}://{request.META.get('HTTP_HOST', '')}"
    )
    return f"{parts.scheme}://{parts.netloc if _HOST.fullmatch(parts.netloc) else '?'}"


def _is_from_our_page(request: HttpRequest) -> bool:
    """Whether a browser vouches that one of our own pages sent it: no foreign page can make it say so."""
    return request.META.get("HTTP_ORIGIN") == settings.HAUSPOST.public_origin


def _long_texts(request: HttpRequest) -> list[tuple[str, str]]:
    return [
        (name, text) for name, texts in request.POST.lists() if not is_secret(name) for text in texts if len(text) > 20
    ]


def _whole(request: HttpRequest, template: str, *, status: int = 403, **shown: Any) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # htmx would put what it selects of it into a part of the page: this takes the whole of it.
        answer = page(request, template, **shown)
        answer["HX-Retarget"], answer["HX-Reselect"] = "body", "unset"
        answer["HX-Reswap"] = "innerHTML show:window:top"
        return answer
    return page(request, template, status=status, **shown)
