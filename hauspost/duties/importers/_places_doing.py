"""Carrying a plan for places out, through the verbs; a row that fails stops no other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.importers._known import Path, Places
from hauspost.duties.importers._place_making import make_path
from hauspost.duties.importers.plan import Done, Plan, Planned, Rejected
from hauspost.duties.importers.refusals import NeedsConsent
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people.actor import Actor
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site

AT_ONCE = 100
Progress = Callable[[int], None]


@dataclass(frozen=True)
class WantedPlace:
    """What has to be done for one place."""

    path: Path
    key: str
    words: Mapping[str, str]
    about: Mapping[str, str]
    is_site: bool
    # The way to what it will lie in; None leaves it where it is.
    moves_to: Path | None = None


def carry_out(plan: Plan, *, actor: Actor, confirmed: bool = False, progress: Progress | None = None) -> Done:
    """Do what a plan says; the record names the import, on behalf of the actor. `progress` hears of every row done.

    A row that fails, because something has changed since the plan was made, is told and left as it was. Run again,
    the same file does nothing more. Raises NotAllowed, NeedsConsent.
    """
    if not actor.is_administrator:
        raise NotAllowed
    if plan.stops and not confirmed:
        raise NeedsConsent(why="; ".join(plan.stops))
    importer = Actor(kind="import", name="places", via="import", on_behalf_of=actor.who)
    doing = _Doing(importer, plan.makes.get("aliases", {}), progress)
    # What moves finds what it moves into only once that is there.
    created = doing.each(plan.created, doing.create)
    changed = doing.each(plan.changed, doing.change)
    archived = doing.each(plan.archived, doing.archive)
    return Done(created, changed, archived, tuple(doing.faults))


class _Doing:
    """One import at work."""

    def __init__(
        self, importer: Actor, aliases: Mapping[tuple[str, ...], Site | Location], progress: Progress | None
    ) -> None:
        self.importer, self.aliases, self.progress = importer, aliases, progress or (lambda done: None)
        self.known = self._read()
        self.faults: list[Rejected] = []

    def _read(self) -> Places:
        known = Places.read()
        known.aliases = dict(self.aliases)
        return known

    def each(self, planned: Sequence[Planned], do: Callable[[Planned], None]) -> int:
        """Do one thing for each, some at a time; answers for how many it worked."""
        worked = 0
        for start in range(0, len(planned), AT_ONCE):
            chunk = planned[start : start + AT_ONCE]
            with transaction.atomic():
                worked += sum(self._try(one, do) for one in chunk)
            self.progress(len(chunk))
        return worked

    def _try(self, one: Planned, do: Callable[[Planned], None]) -> bool:
        try:
            with transaction.atomic():
                do(one)
        except Refused as refused:
            what = _("Look at the place, and import the file again.")
            self.faults.append(Rejected(one.line, one.name, str(refused), what))
            # What the row had learnt was undone with it.
            self.known = self._read()
            return False
        return True

    def create(self, one: Planned) -> None:
        """A place, with what it lies in where that is not there yet."""
        wanted: WantedPlace = one.wanted
        site, location = make_path(wanted.path, self.known, actor=self.importer, key=wanted.key)
        words = wanted.words
        if location is not None:
            if words != location.words:
                places.change_location(location, words=words, actor=self.importer)
            return
        about: dict[str, Any] = {name: text for name, text in wanted.about.items() if text}
        if about or words != site.words:
            places.change_site(site, words=words, actor=self.importer, **about)

    def change(self, one: Planned) -> None:
        """A place that is here already."""
        wanted: WantedPlace = one.wanted
        about: dict[str, Any] = dict(wanted.about)
        if wanted.is_site:
            site = Site.objects.get(id=one.about or 0)
            places.restore_site(site, actor=self.importer)
            places.change_site(site, words=wanted.words, actor=self.importer, **about)
            return
        location = Location.objects.select_related("site", "parent").get(id=one.about or 0)
        places.restore_location(location, actor=self.importer)
        if wanted.moves_to is not None:
            _site, parent = make_path(wanted.moves_to, self.known, actor=self.importer)
            about["parent"] = parent
        places.change_location(location, words=wanted.words, actor=self.importer, **about)

    def archive(self, one: Planned) -> None:
        """A place that the file names no more."""
        wanted: WantedPlace = one.wanted
        if wanted.is_site:
            places.archive_site(Site.objects.get(id=one.about or 0), actor=self.importer)
        else:
            places.archive_location(Location.objects.get(id=one.about or 0), actor=self.importer)
