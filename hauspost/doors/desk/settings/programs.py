"""Access for programs: integrations with their tokens, and every token that anybody has."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.ui import tokens
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.signing_confirming import confirmed
from hauspost.ground import clock
from hauspost.ground.refusals import NotFound, Refused
from hauspost.records.people.actions import add_integration, revoke_token, tokens_of
from hauspost.records.people.models import AccessToken, Person

SECTION = "settings-programs"
_MOST = 200


@for_administrators
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/programs; POST adds an integration."""
    name, refused, status = "", "", 200
    if request.method == "POST":
        name = request.POST.get("name", "").replace("\0", "").strip()[:200]
        try:
            made = add_integration(name, actor=actor_of(request))
        except Refused as fault:
            refused, status = tokens.in_words(fault), fault.status
        else:
            messages.success(request, _("%(name)s was added. Give it a role and a token.") % {"name": made.name})
            return HttpResponseRedirect(reverse("settings-program", args=[made.uid]))
    lasting = Q(access_tokens__revoked_at__isnull=True) & (
        Q(access_tokens__expires_at__isnull=True) | Q(access_tokens__expires_at__gt=clock.now())
    )
    programs = Person.objects.filter(is_integration=True, erased_at__isnull=True).annotate(
        lasting=Count("access_tokens", filter=lasting), used_at=Max("access_tokens__last_used_at")
    )
    personal = AccessToken.objects.filter(person__is_integration=False, revoked_at__isnull=True)
    return settings_page(
        request,
        "desk/settings/programs.html",
        section=SECTION,
        status=status,
        name=name,
        refused=refused,
        programs=programs.order_by("sort_key", "id"),
        personal=tokens.rows_of(personal.select_related("person").order_by("person__sort_key", "-id")[:_MOST]),
    )


@for_administrators
@require_GET
def one(request: HttpRequest, program: UUID) -> HttpResponse:
    """GET /desk/settings/programs/<uid>: its tokens and roles."""
    somebody = _program(program)
    roles = somebody.memberships.filter(team__archived_at__isnull=True).select_related("team").order_by("team__key")
    return settings_page(
        request,
        "desk/settings/program.html",
        section=SECTION,
        somebody=somebody,
        rows=tokens.rows_of(tokens_of(somebody)),
        roles=roles,
    )


@never_cache
@for_administrators
@confirmed
@require_http_methods(["GET", "POST"])
def new_token(request: HttpRequest, program: UUID) -> HttpResponse:
    """GET and POST /desk/settings/programs/<uid>/tokens: the secret stands on the answer's page, and never again."""
    somebody, form, status = _program(program), tokens.Form(scopes=("tickets:read", "tickets:write")), 200
    if request.method == "POST":
        form = tokens.Form.sent(request)
        try:
            row, clear = tokens.make(request, form, somebody)
        except Refused as refused:
            form.refused, status = tokens.in_words(refused), refused.status
        else:
            return settings_page(
                request,
                "desk/settings/program_token_made.html",
                section=SECTION,
                somebody=somebody,
                row=row,
                clear=clear,
            )
    return settings_page(
        request,
        "desk/settings/program_token.html",
        section=SECTION,
        status=status,
        somebody=somebody,
        form=form,
        scopes=tokens.offered_scopes(actor_of(request)),
        lifetimes=tokens.offered_lifetimes(),
    )


@for_administrators
@require_POST
def token_removal(request: HttpRequest, row: int) -> HttpResponse:
    """POST /desk/settings/programs/tokens/7/removal: anybody's token opens nothing any more."""
    token = AccessToken.objects.filter(id=row).select_related("person").first()
    if token is None:
        raise NotFound
    revoke_token(token, actor=actor_of(request))
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    there = reverse("settings-program", args=[token.person.uid]) if token.person.is_integration else reverse(SECTION)
    return HttpResponseRedirect(there)


def _program(uid: UUID) -> Person:
    found: Person | None = Person.objects.filter(uid=uid, is_integration=True, erased_at__isnull=True).first()
    if found is None:
        raise NotFound
    return found
