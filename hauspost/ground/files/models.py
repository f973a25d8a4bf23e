"""Stored bytes, and who uses them."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef


class BlobQuerySet(models.QuerySet["Blob"]):
    """Questions about stored bytes."""

    def unwanted_since(self, moment: datetime) -> "BlobQuerySet":
        """Those nobody uses, nor has wanted since the moment."""
        return self.filter(~Exists(Use.objects.filter(blob=OuterRef("pk"))), last_wanted_at__lte=moment)


class Blob(models.Model):
    """Bytes that are kept once, however often they are used (P15.7)."""

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField()
    # When somebody last stored, used or released it, give or take an hour: bytes go a day after that.
    last_wanted_at = models.DateTimeField(db_index=True)

    objects = BlobQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sha256


class Use(models.Model):
    """Somebody ("entry:17") needs these bytes; they stay as long as one such row does."""

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="uses")
    owner = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "blob"], name="files_use_once")]
