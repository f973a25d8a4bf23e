"""Full-text search."""

from typing import Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Schema
from pydantic import Field

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.lists import before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import ShortLine
from hauspost.doors.api.shapes.tickets import Hits, HitTold
from hauspost.doors.api.telling import tickets_told
from hauspost.ground.refusals import Invalid
from hauspost.ground.search.actions import Readable
from hauspost.ground.search.actions import search as find
from hauspost.records.tickets.indexing import scopes_at_desk_of
from hauspost.records.tickets.knowing import asked_for_by, seen_at_desk

routes = Routes("Search")


class Sought(Schema):
    """What is sought."""

    q: ShortLine = Field(
        min_length=1,
        description="Every word must occur, or begin one that occurs; exact words in quotes. Or a number.",
        examples=["conveyor belt"],
    )
    seen_as: Literal["agent", "requester"] | None = None
    cursor: ShortLine | None = None
    limit: int = Field(30, ge=1, le=50)


@routes.get("/search", scope="tickets:read", gives=Hits)
def search(request: HttpRequest, asked: Query[Sought]) -> Hits:
    """Find tickets by their words, the newest first

    By subject, text, notes, names, addresses, file names or number, in the tickets of your teams (`agent`, the default
    with a desk) or in what you asked for (`requester`: without the desk's notes). Follow `next` until it is null; a
    page may be empty and still have a next one.
    """
    actor = known_caller(request).actor
    words = " ".join(asked.q.split())
    if not words:
        raise Invalid("q", _("write a word"))
    at_desk = (asked.seen_as or ("agent" if actor.is_agent else "requester")) == "agent"
    if at_desk:
        readable = Readable(scopes_at_desk_of(actor), ("public", "internal"))
    else:
        readable = Readable((f"r{actor.who.pk}",) if actor.who else (), ("public",))
    hits = find(words, readable=[readable], limit=asked.limit, before=before_of(asked.cursor) or None)
    # Asked again of the tickets themselves: the index decides what is found, the gate what is told (P11.1).
    numbers = [hit.ref for hit in hits.rows]
    views = seen_at_desk(numbers, actor) if at_desk else asked_for_by(numbers, actor)
    told = {one.number: one for one in tickets_told([number for number in numbers if number in views], views)}
    return Hits(
        hits=[
            HitTold(
                ticket=told[hit.ref],
                excerpt="".join(piece for piece, _is_hit in hit.pieces),
                marked=[piece for piece, is_hit in hit.pieces if is_hit],
            )
            for hit in hits.rows
            if hit.ref in told
        ],
        next=str(hits.next) if hits.next else None,
    )
