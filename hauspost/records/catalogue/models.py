"""What tickets are about: the tree of categories."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hauspost.records.people.models import Named, Team

LONGEST_PATH = 250


class TicketType(models.TextChoices):
    """Something broke, or something is wanted."""

    INCIDENT = "incident", _("Incident")
    SERVICE_REQUEST = "service_request", _("Service request")


class CategoryQuerySet(models.QuerySet["Category"]):
    def active(self) -> "CategoryQuerySet":
        return self.filter(archived_at__isnull=True).order_by("path_key")


class Category(Named):
    """A kind of matter; a leaf or a branch of the tree."""

    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    # The keys from the root, so that one index range lists a branch in order.
    path_key = models.CharField(max_length=LONGEST_PATH, db_index=True)
    # The words from the root, per language, so that a row needs no walk: {"en": "Workplace › Screen"}.
    path_words = models.JSONField(default=dict)
    default_type = models.CharField(max_length=20, choices=TicketType.choices, blank=True)
    default_team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = CategoryQuerySet.as_manager()

    @property
    def path(self) -> str:
        """Its place in the tree, in the reader's language."""
        from django.conf import settings
        from django.utils.translation import get_language

        from hauspost.ground.text.words import in_language

        return in_language(self.path_words, get_language() or settings.LANGUAGE_CODE, settings.LANGUAGE_CODE)
