"""The append-only tables of the record: streams, events, erasable parts, seals; and what still has to follow."""

from django.db import models
from django.db.models import F, Q


class Stream(models.Model):
    """The chain of one thing that changes: a ticket, a person, a setting. Holds the chain's head."""

    name = models.CharField(max_length=120, unique=True)
    count = models.PositiveIntegerField()
    head = models.BinaryField(max_length=32)
    # Without the key nobody can move the head, so cut ends and added ends are found (ground/tokens.py holds the key).
    mac = models.BinaryField(max_length=32)
    mac_key = models.CharField(max_length=16)


class Event(models.Model):
    """One thing that happened: the timeline on the ticket and the audit log alike."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=60)
    actor = models.TextField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    data = models.TextField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="event_once_in_its_stream")]
        indexes = [models.Index(fields=["kind", "occurred_at"], name="event_by_kind")]


class EventPart(models.Model):
    """A personal text of an event, entering the chain as a salted digest, so that it can be erased alone.

    Short texts stand here in `content`; long ones stay with their noun: `held` names the keeper and `held_id` its row.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    person_uid = models.CharField(max_length=36, blank=True)
    digest = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=16, null=True)
    content = models.TextField(null=True)
    held = models.CharField(max_length=20, blank=True)
    held_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "position"], name="part_once_in_its_event")]
        indexes = [
            models.Index(fields=["person_uid"], name="part_by_person"),
        ]


class Seal(models.Model):
    """All heads that moved since the last seal, signed with a key that lies outside the database."""

    number = models.PositiveIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    previous = models.BinaryField(max_length=32)
    lines = models.TextField()
    digest = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=16)
    signature = models.BinaryField(max_length=64)


class PendingQuerySet(models.QuerySet["Pending"]):
    def due(self, moment: object) -> "PendingQuerySet":
        """Not parked, its pause over; the oldest first."""
        paused = Q(not_before__isnull=True) | Q(not_before__lte=moment)
        return self.filter(paused, parked_at__isnull=True).order_by("id")

    def ready(self, moment: object) -> "PendingQuerySet":
        """What may be done now: due, and the first of its stream."""
        earlier = Pending.objects.filter(stream=models.OuterRef("stream"), id__lt=models.OuterRef("id"))
        return self.due(moment).filter(~models.Exists(earlier))

    def parked(self) -> "PendingQuerySet":
        return self.filter(parked_at__isnull=False).order_by("parked_at")


class Pending(models.Model):
    """A reaction that has to follow an event; the row goes in the transaction in which the reaction's changes come."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="+")
    reaction = models.CharField(max_length=60)
    depth = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    fault = models.TextField(blank=True)

    objects = PendingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(F("stream"), F("id"), name="pending_in_order")]
