"""What the door for programs remembers: answers already given, and alarms that stand. No personal text is kept here."""

from django.db import models

from hauspost.records.people.models import Person


class IdempotencyKey(models.Model):
    """An answer that was given: whoever asks again with the same key gets it again, and nothing is done twice (P38.3).

    Answers to changes name numbers and addresses only.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key_hash"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]


class AlarmKey(models.Model):
    """An alarm that stands: its repeats and its recovery find their ticket by it (P38.2)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    # Its number, not a key of the database: a ticket whose time has come may go without asking here.
    ticket = models.BigIntegerField()
    # What was written last, and when: the same words again within minutes are counted, not written.
    text_hash = models.CharField(max_length=64)
    noted_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key_hash"], name="alarm_key_once")]
