"""Asking for something: what, for whom, where, can people still work, and the words (P53's counterpart)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hauspost.doors.portal import choices, record
from hauspost.doors.portal.frame import employee_of, person_of, portal_page
from hauspost.doors.ui.acting import signed_in
from hauspost.doors.ui.pages import page
from hauspost.doors.ui.uploads import files_of
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.catalogue.models import Category
from hauspost.records.catalogue.reading import team_for
from hauspost.records.people.actions import known_person
from hauspost.records.people.models import Department, Person, Team, sort_key_of
from hauspost.records.places.models import Location, Site, Workplace
from hauspost.records.tickets.actions import NewTicket, open_ticket
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing

_MOST_PEOPLE = 100_000
_PERCENTS = {"slowly": 50, "no": 100}


@signed_in
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """GET and POST /ask; `?part=places&site=KEY` is only the list of a site's places."""
    if request.method == "GET":
        if request.GET.get("part") == "places":
            places = choices.places_of(request.GET.get("site", ""))
            return page(request, "portal/_places.html", places=places, location="")
        return _form(request, {})
    typed = record.typed_in(request)
    if typed.get("show") == "places":
        # Without script: the same form again, with the places of the site that was chosen.
        return _form(request, typed)
    try:
        ticket = _open(request)
    except Refused as refused:
        return _form(request, typed, refused=record.words_of(refused), status=refused.status)
    return HttpResponseRedirect(f"{reverse('my-ticket', args=[ticket.number])}?sent=asked")


def _open(request: HttpRequest) -> Ticket:
    person, typed = person_of(request), record.typed_in(request)
    subject, text = typed.get("subject", "").strip(), record.text_of(request)
    if not subject:
        raise Invalid(_("What is the matter?"), _("write a few words"))
    category = _category(typed.get("about", ""), typed.get("kind", ""))
    site, location = _place(typed.get("site", ""), typed.get("location", ""))
    people, percent = _impact(typed.get("works", ""), typed.get("people", "").strip())
    new = NewTicket(
        subject=subject,
        requester=person,
        affected=_affected(typed.get("affected", ""), person),
        team=_team(category),
        channel="portal",
        category=category,
        site=site,
        location=location,
        department=_department(typed.get("department", "")),
        impact_people=people,
        impact_percent=percent,
    )
    writing = Writing(text=text.strip() or subject, files=record.small_enough(files_of(request)))
    return open_ticket(new, writing, actor=employee_of(request))


def _category(about: str, kind: str) -> Category | None:
    """The kind that was chosen below its root, else the root; None for something else."""
    root = _category_by(about) if about not in ("", "other") else None
    if not kind:
        return root
    found = _category_by(kind)
    if root is not None and not f"{found.path_key}/".startswith(f"{root.path_key}/"):
        raise Invalid(_("Which one exactly?"), _("this does not belong to “%(about)s”") % {"about": root.name})
    return found


def _category_by(key: str) -> Category:
    found = Category.objects.active().filter(key=key).select_related("default_team").first()
    if found is None:
        raise Invalid(_("What can we help with?"), _("choose one of the list"))
    return found


def _team(category: Category | None) -> Team:
    found = team_for(category)
    if found is None:
        raise Invalid(_("What can we help with?"), _("no team is set up yet; ask an administrator"))
    return found


def _affected(who: str, person: Person) -> Person | None:
    """The colleague for whom it is; None for the person who asks. Nobody becomes known by being named here."""
    name = " ".join(who.split())
    if not name or name == person.name:
        return None
    label = _("For whom is it?")
    if "@" in name:
        found = known_person(name)
        people = [found] if found is not None and found.is_active and not found.is_external else []
    else:
        colleagues = Person.objects.active().filter(is_external=False, is_integration=False)
        people = list(colleagues.filter(sort_key=sort_key_of(name))[:2])
    if not people:
        raise Invalid(label, _("nobody here is known as “%(name)s”; give the e-mail address") % {"name": name[:100]})
    if len(people) > 1:
        raise Invalid(label, _("several people are called “%(name)s”; give the e-mail address") % {"name": name[:100]})
    return people[0] if people[0] != person else None


def _department(key: str) -> Department | None:
    if not key:
        return None
    found = Department.objects.filter(key=key, archived_at__isnull=True).first()
    if found is None:
        raise Invalid(_("Department"), _("choose one of the list"))
    return found


def _place(site_key: str, location_key: str) -> tuple[Site | None, Location | None]:
    if not site_key:
        return None, None
    site = Site.objects.active().filter(key=site_key).first()
    if site is None:
        raise Invalid(_("Site"), _("choose one of the list"))
    if not location_key:
        return site, None
    location = Location.objects.filter(key=location_key, archived_at__isnull=True).first()
    if location is None or location.site_id != site.id:
        raise Invalid(_("Building, floor, room"), _("choose a place at %(site)s") % {"site": site.name})
    return site, location


def _impact(works: str, typed: str) -> tuple[int | None, int | None]:
    """How many people, hampered by how many per cent."""
    if works in ("", "yes"):
        return None, None
    if works not in _PERCENTS:
        raise Invalid(_("Can people still work?"), _("choose one of the list"))
    if typed and not (typed.isascii() and typed.isdecimal() and 0 < int(typed[:9]) <= _MOST_PEOPLE):
        raise Invalid(_("How many people?"), _("give a whole number"))
    return int(typed[:9]) if typed else 1, _PERCENTS[works]


def _form(request: HttpRequest, typed: dict[str, str], *, refused: str = "", status: int = 200) -> HttpResponse:
    filled = _prefilled(person_of(request)) | typed
    return portal_page(
        request,
        "portal/ask.html",
        current="ask",
        status=status,
        typed=filled,
        is_fresh=not typed,
        refused=refused,
        tiles=choices.tiles(),
        sites=choices.sites(),
        places=choices.places_of(filled["site"]),
        departments=choices.departments(),
        most_bytes=settings.HAUSPOST.mail_size_limit,
    )


def _prefilled(person: Person) -> dict[str, str]:
    """What we know of whoever asks; everything can be changed."""
    seat = Workplace.objects.filter(person=person).values_list("site__key", "location__key").first()
    site, location = seat or ("", "")
    return {
        "about": "other",
        "kind": "",
        "subject": "",
        "text": "",
        "works": "yes",
        "people": "",
        "affected": person.name,
        "department": person.department.key if person.department is not None else "",
        "site": site,
        "location": location or "",
    }
