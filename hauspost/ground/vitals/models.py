"""Rows that processes write about themselves; nothing in them is worth a backup, and nothing is personal."""

from django.db import models


class Life(models.Model):
    """A process that has shown life, and when it last did."""

    class Kind(models.TextChoices):
        WORK = "work"
        LISTEN = "listen"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()
    version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "host", "process"], name="life_once_a_process")]
        indexes = [models.Index(fields=["kind", "seen_at"], name="life_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.process} on {self.host}"


class RunningCount(models.Model):
    """How many rows of a table have come to which end so far; carried on row by row, so that none is counted twice."""

    name = models.CharField(max_length=40, unique=True)
    # Every row up to this id is counted, or waits in `unfinished`.
    counted_to = models.BigIntegerField(default=0)
    # The highest id when we last looked; only by the next look every row below it is surely committed.
    seen_to = models.BigIntegerField(default=0)
    # Ids of rows that had come to no end yet.
    unfinished = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.counts}"
