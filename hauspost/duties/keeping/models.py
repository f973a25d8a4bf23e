"""What was backed up, tried out and restored, and how it ended."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from hauspost.records.people.models import Person

# Whoever works on one writes this often; silence for longer than the second means that the process was killed.
SEEN_EVERY = timedelta(seconds=5)
LONGEST_SILENCE = timedelta(minutes=10)


class BackupRunQuerySet(models.QuerySet["BackupRun"]):
    """Questions about runs."""

    def of(self, kind: str) -> "BackupRunQuerySet":
        """Those of one kind, the newest first."""
        return self.filter(kind=kind).order_by("-id")

    def unfinished(self) -> "BackupRunQuerySet":
        """Asked for or at work, as far as anybody knows."""
        return self.filter(finished_at__isnull=True)

    def at_work(self, moment: datetime) -> "BackupRunQuerySet":
        """Unfinished ones that a living process has in hand."""
        return self.unfinished().filter(seen_at__gt=moment - LONGEST_SILENCE)

    def good(self) -> "BackupRunQuerySet":
        """Finished without a fault."""
        return self.filter(finished_at__isnull=False, fault="")


class BackupRun(models.Model):
    """One backup, drill or restore: who asked, how far it is, how it ended."""

    class Kind(models.TextChoices):
        BACKUP = "backup"
        DRILL = "drill"
        RESTORE = "restore"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Null: the clock or the command line.
    asked_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    # When a process last said that it has this in hand; null while nobody has.
    seen_at = models.DateTimeField(null=True)
    percent = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    # Words for administrators; "" when all went well.
    fault = models.TextField(blank=True)
    file = models.TextField(blank=True)
    size_bytes = models.BigIntegerField(default=0)
    has_keys = models.BooleanField(default=False)
    # {"tickets": 12, "entries": 40, "events": 90, "files": 7, "rows": 300}
    counts = models.JSONField(default=dict)

    objects = BackupRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "-id"], name="runs_of_a_kind"),
            models.Index(fields=["asked_at"], name="runs_unfinished", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_good(self) -> bool:
        """Finished without a fault."""
        return self.finished_at is not None and not self.fault
