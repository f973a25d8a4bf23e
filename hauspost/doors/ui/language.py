"""Which language a reader gets before we know who it is."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header


def browser_language(request: HttpRequest) -> str:
    """The first language the browser asks for that we speak, else the company's."""
    for asked, _ in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        if asked == "*":
            break
        try:
            return get_supported_language_variant(asked)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)
