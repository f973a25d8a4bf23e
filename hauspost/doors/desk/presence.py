"""Who else reads or writes at the tickets of a page (P24.1): it asks every eight seconds while somebody looks at it."""

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import has_desk
from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.doors.ui.formats import initials, listing
from hauspost.ground.vitals import presence
from hauspost.ground.vitals.presence import Presence
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import view_of

# A list shows fifty rows; more are asked for further down.
_MOST = 300
_AT_TICKET = "ticket:"


@signed_in
@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """POST /desk/presence: show the reader at the ticket `here`, and tell who else is there and at those in `shown`.

    `doing` is "writing" while something is being written there, "gone" when the page is left; anything else is reading.
    Answers {"here": …, "rows": {number: {"writes", "initials", "words"}}}: only tickets at which somebody is, and which
    the reader may see.
    """
    actor = actor_of(request)
    if actor.who is None or not has_desk(actor):
        raise Http404
    own = str(actor.who.uid)
    here = small_number(request.POST.get("here", ""))
    if here and not _sees(here, actor):
        here = 0
    if here and request.POST.get("doing") == "gone":
        presence.leave(_place(here), own)
        return HttpResponse(status=204)
    if here:
        presence.be_at(_place(here), own, "writing" if request.POST.get("doing") == "writing" else "reading")
    shown = {here, *map(small_number, request.POST.get("shown", "").split(",")[:_MOST])} - {0}
    others = [one for one in presence.present({_place(number) for number in shown}) if one.who != own]
    return JsonResponse(_told(others, actor, here))


def _told(others: Sequence[Presence], actor: Actor, here: int) -> dict[str, object]:
    """At the ticket stands the sentence; in a row initials, with the sentence for who points at them or listens."""
    rows: dict[str, dict[str, object]] = {}
    found = Person.objects.filter(uid__in={one.who for one in others}).values_list("uid", "name") if others else ()
    names = {str(uid): name for uid, name in found}
    for number in sorted({_number(one.place) for one in others if one.who in names}):
        if number != here and not _sees(number, actor):
            continue
        at_it = [one for one in others if _number(one.place) == number and one.who in names]
        writing, reading = (
            sorted(names[one.who] for one in at_it if one.doing == does) for does in ("writing", "reading")
        )
        short = ", ".join(initials(name) for name in writing + reading)
        rows[str(number)] = {"writes": bool(writing), "initials": short, "words": _words(writing, reading)}
    return {"here": rows.get(str(here)), "rows": rows}


def _words(writing: list[str], reading: list[str]) -> str:
    parts = []
    if writing:
        said = ngettext("%(names)s is writing here", "%(names)s are writing here", len(writing))
        parts.append(said % {"names": listing(writing)})
    if reading:
        said = ngettext("%(names)s is reading this", "%(names)s are reading this", len(reading))
        parts.append(said % {"names": listing(reading)})
    return "; ".join(parts)


def _sees(number: int, actor: Actor) -> bool:
    """Whether this ticket is there for them: who is at another one is none of their business (P11.1)."""
    ticket = Ticket.objects.filter(number=number).first()
    return ticket is not None and view_of(ticket, actor) is not None


def _place(number: int) -> str:
    return f"{_AT_TICKET}{number}"


def _number(place: str) -> int:
    return int(place.removeprefix(_AT_TICKET))
