"""One ticket as its requester's side sees it, through a session or through a link: public entries only (P11.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from markupsafe import Markup

from hauspost.doors.ui.serving import serve_file
from hauspost.doors.ui.uploads import files_of
from hauspost.ground.files.actions import open_blob
from hauspost.ground.refusals import Invalid, NotAllowed, NotFound, Refused
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.text.safe_html import point_pictures
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Attachment, Entry, Satisfaction, Ticket
from hauspost.records.tickets.reading import View, view_of, withheld_words
from hauspost.records.tickets.refusals import TooBig
from hauspost.records.tickets.writing import NewFile, Writing

MOST_ENTRIES = 200
COLOURS = {"new": "amber", "open": "blue", "planned": "plum", "resolved": "green", "waiting_requester": "amber"}


@dataclass(frozen=True)
class Seen:
    """A ticket, who looks at it and as what: "requester", "participant" or "department" (who reads and no more)."""

    ticket: Ticket
    person: Person
    actor: Actor
    role: str
    since_seq: int

    @property
    def is_own(self) -> bool:
        """Who merely takes part reads and answers; confirming, reopening and rating is the requester's."""
        return self.person.id in (self.ticket.requester_id, self.ticket.affected_id)

    @property
    def may_answer(self) -> bool:
        """May the person write into the ticket?"""
        return self.role != "department"

    @property
    def view(self) -> View:
        """The same for everybody here, whatever else they may see at the desk."""
        return View("participant", self.since_seq)

    def entries(self) -> "QuerySet[Entry]":
        """The public ones; a reply appears when its time to undo is over (P6.4)."""
        return self.ticket.entries.visible_in(self.view)


@dataclass(frozen=True, slots=True)
class Shown:
    """One public entry."""

    seq: int
    at: datetime
    author: str
    html: Markup
    quoted: Markup
    is_styled: bool
    is_from_desk: bool
    files: list[tuple[str, str, int]]


def seen_by(number: int, actor: Actor) -> Seen:
    """A ticket as the portal shows it to the person. Raises NotFound alike for none and for forbidden (S5).

    The actor is asked as an employee: whoever works at the desk sees here what anybody in their place would.
    """
    person = actor.who
    ticket = Ticket.objects.with_names().filter(number=number).first()
    view = view_of(ticket, actor) if ticket is not None else None
    if ticket is None or view is None or person is None:
        raise NotFound
    if view.role in ("requester", "participant", "helper"):
        role = "participant" if view.role == "helper" else view.role
        return Seen(ticket, person, actor, role, view.since_seq)
    # Who may look for another reason, too, sees here no more than what the department's right shows.
    if view.role == "department" or Ticket.objects.of_department(person).filter(number=number).exists():
        return Seen(ticket, person, actor, "department", 1)
    raise NotFound


def page_of(seen: Seen, base: str, *, typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the ticket's page shows; `base` is the address below which its forms and files lie."""
    ticket = seen.ticket
    rows = list(seen.entries().select_related("author").order_by("-seq")[:MOST_ENTRIES])[::-1]
    following = ticket.participants.filter(is_confirmed=True, role="participant").order_by("id")
    given = Satisfaction.objects.filter(ticket=ticket).first() if seen.is_own else None
    return {
        "ticket": ticket,
        "seen": seen,
        "base": base,
        "entries": _shown(rows, base, seen.view),
        "names": list(following.values_list("person__name", flat=True)),
        "colours": COLOURS,
        "typed": typed or {},
        "may_rate": actions.may_rate(ticket, seen.person, given),
        "given": given if given is not None and given.person_id == seen.person.id else None,
        "scores": scores(),
        "thanks": thanks(),
        "most_bytes": settings.HAUSPOST.mail_size_limit,
    }


def scores() -> list[tuple[int, str, str]]:
    """The five answers to how it went: number, words, face."""
    return [
        (5, _("Very good"), "laugh"),
        (4, _("Good"), "smile"),
        (3, _("So-so"), "meh"),
        (2, _("Bad"), "frown"),
        (1, _("Very bad"), "angry"),
    ]


def _shown(rows: list[Entry], base: str, view: View) -> list[Shown]:
    readable = [row.id for row in rows if not view.withholds(row)]
    files: dict[int, list[tuple[str, str, int]]] = {}
    pictures: dict[int, dict[str, str]] = {}
    attached = Attachment.objects.filter(entry__in=readable, blob__isnull=False).order_by("entry_id", "position", "id")
    for id_, entry, name, size, content_id, inline in attached.values_list(
        "id", "entry_id", "name", "size_bytes", "content_id", "is_inline"
    ):
        if inline and content_id:
            pictures.setdefault(entry, {})[content_id] = f"{base}/files/{id_}?inline=1"
        else:
            files.setdefault(entry, []).append((f"{base}/files/{id_}", name, size))
    return [_one_shown(row, files.get(row.id, []), pictures.get(row.id, {}), view) for row in rows]


def _one_shown(row: Entry, files: list[tuple[str, str, int]], pictures: Mapping[str, str], view: View) -> Shown:
    # Sanitised on its way in (S1); quoted text stands below, folded.
    html, quoted = point_pictures(row.html, pictures), point_pictures(row.quoted_html, pictures)
    if view.withholds(row):
        html, quoted = html_of_text(withheld_words()), ""
    return Shown(
        seq=row.seq,
        at=row.created_at,
        author=row.author_name or (row.author.name if row.author else "") or row.author_address,
        html=Markup(html),
        quoted=Markup(quoted),
        is_styled="style=" in html or "<table" in html or "<font" in html,
        is_from_desk=row.is_from_desk,
        files=files,
    )


def file_of(seen: Seen, file: int, *, inline: bool) -> HttpResponseBase:
    """One file of an entry that this person sees (S5). Raises NotFound."""
    row = Attachment.objects.filter(id=file, entry__in=seen.entries()).select_related("blob", "entry").first()
    if row is None or row.blob is None or seen.view.withholds(row.entry):
        raise NotFound
    return serve_file(open_blob(row.blob.sha256), row.name, row.content_type, inline=inline)


# What is done with a ticket here. Each calls one verb and answers the word under which the page thanks for it.
Doing = Callable[[HttpRequest, Seen], str]


def answer(request: HttpRequest, seen: Seen) -> str:
    """Write to the desk."""
    if not seen.may_answer:
        raise NotAllowed
    writing = Writing(text=text_of(request), files=small_enough(files_of(request)), channel="portal")
    actions.add_answer(seen.ticket, writing, author=seen.person, actor=seen.actor)
    return "answered"


def confirm(request: HttpRequest, seen: Seen) -> str:
    """Yes, it is solved."""
    actions.set_status(seen.ticket, status_of("closed"), actor=seen.actor)
    return "confirmed"


def reopen(request: HttpRequest, seen: Seen) -> str:
    """No, it is not: what is still wrong opens it as any answer does; without a word it is opened all the same."""
    text = text_of(request)
    if text.strip():
        if not seen.is_own:
            raise NotAllowed
        actions.add_answer(seen.ticket, Writing(text=text), author=seen.person, actor=seen.actor)
    else:
        actions.reopen(seen.ticket, actor=seen.actor)
    return "reopened"


def rate(request: HttpRequest, seen: Seen) -> str:
    """How it went."""
    score = request.POST.get("score", "")
    if score not in {"1", "2", "3", "4", "5"}:
        raise Invalid(_("How did we do?"), _("choose one of the five"))
    actions.rate(seen.ticket, int(score), request.POST.get("words", "").replace("\r\n", "\n"), actor=seen.actor)
    return "rated"


def thanks() -> dict[str, str]:
    """The words for what was just done, by what a `Doing` answers; a request that was just filed is "asked"."""
    return {
        "answered": _("Your answer has arrived."),
        "confirmed": _("Thank you. The request is closed."),
        "reopened": _("The request is open again. We will look at it."),
        "rated": _("Thank you for your answer."),
        "asked": _("Your request has arrived. You will be told by e-mail when somebody answers."),
    }


def words_of(refused: Refused) -> str:
    """A refusal in a form of ours, whose fields are questions: "For whom is it? Nobody here is known as …"."""
    field, reason = str(refused.about.get("field", "")), str(refused.about.get("reason", ""))
    return f"{field} {reason[:1].upper()}{reason[1:]}." if field.endswith("?") else str(refused)


def text_of(request: HttpRequest) -> str:
    """What was typed into the form's text field."""
    return request.POST.get("text", "").replace("\r\n", "\n")


def typed_in(request: HttpRequest) -> dict[str, str]:
    """Everything that was typed, for the form to come back with (P54.1)."""
    return {name: request.POST.get(name, "") for name in request.POST}


def small_enough(files: list[NewFile]) -> list[NewFile]:
    """The files of a form, if they are not more than may come at once. Raises TooBig (P36.2)."""
    size, limit = Writing(text="", files=files).size_bytes, settings.HAUSPOST.mail_size_limit
    if size > limit:
        raise TooBig(found=f"{size / 1e6:.1f} MB", allowed=f"{limit / 1e6:.1f} MB")
    return files
