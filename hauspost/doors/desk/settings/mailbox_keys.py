"""The keys by which a mailbox reads what was encrypted for it (P22.5); private parts go in, and never out (S21)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from hauspost.doors.desk.settings.frame import for_administrators


@sensitive_post_parameters("key_secret", "passphrase_secret")
@for_administrators
@require_POST
def adding(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/keys."""
    raise Http404


@for_administrators
@require_POST
def removal(request: HttpRequest, mailbox: int, mailbox_key: int) -> HttpResponse:
    """POST …/keys/<id>/removal."""
    raise Http404
