"""Version 1 of the API: a file per chapter. Loaded when a program first asks."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from hauspost.doors.api import faults
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.door import of_refusal
from hauspost.doors.api.refusals import NotUnderstood
from hauspost.doors.api.v1 import (
    access,
    alarms,
    audit,
    backups,
    company,
    emergencies,
    entries,
    files,
    handling,
    imports,
    leaving,
    mail_servers,
    mailboxes,
    mailroom,
    me,
    notices,
    people,
    privacy,
    reactions,
    record,
    relations,
    retention,
    rights,
    search,
    tickets,
)
from hauspost.ground.refusals import NotFound, Refused
from hauspost.records.tickets.refusals import Changed

api = NinjaAPI(title="Hauspost", version="1", openapi_url=None, docs_url=None, urls_namespace="api-v1")
# A fixed word in an address comes before a number in its place: /tickets/spam before /tickets/{number}.
CHAPTERS = (
    me, handling, tickets, entries, files, relations, record, search, notices, alarms, people, leaving, imports,
    company, rights, mailroom, reactions, mailboxes, mail_servers, audit, retention, privacy, emergencies, backups,
    access,
)  # fmt: skip
for chapter in CHAPTERS:
    api.add_router("", chapter.routes.router)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    if isinstance(refused, Changed):
        return faults.of_conflict(refused, tell_values=known_caller(request).may("tickets:read"))
    return of_refusal(refused)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    return faults.of_fields(fault.errors)


@api.exception_handler(HttpError)
def _not_understood(request: HttpRequest, fault: HttpError) -> HttpResponse:
    return of_refusal(NotUnderstood())


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, fault: Http404) -> HttpResponse:
    return of_refusal(NotFound())
