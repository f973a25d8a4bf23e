"""Sites and the locations in them, and where people work."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hauspost.records.people.models import Named, Person


class SiteQuerySet(models.QuerySet["Site"]):
    def active(self) -> "SiteQuerySet":
        return self.filter(archived_at__isnull=True).order_by("id")


class Site(Named):
    """A place where the company works: a town, a plant, an office."""

    time_zone = models.CharField(max_length=60, default="Europe/Berlin")
    country = models.CharField(max_length=2, blank=True)
    # Street, number, postcode and town, as one writes them on a letter.
    postal_address = models.TextField(blank=True)

    objects = SiteQuerySet.as_manager()


class Location(Named):
    """A building, floor or room of a site."""

    class Kind(models.TextChoices):
        BUILDING = "building", _("building")
        FLOOR = "floor", _("floor")
        ROOM = "room", _("room")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="locations")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    kind = models.CharField(max_length=10, choices=Kind.choices)

    @property
    def path(self) -> str:
        """Where it is, from the outside in: Hamburg › Lager › Tor 3."""
        names = [self.name]
        parent = self.parent
        while parent is not None and len(names) < 5:
            names.insert(0, parent.name)
            parent = parent.parent
        return " › ".join([self.site.name, *names])


class Workplace(models.Model):
    """Where a person usually works."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="workplace")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="workplaces")
    location = models.ForeignKey(Location, null=True, blank=True, on_delete=models.PROTECT, related_name="workplaces")
