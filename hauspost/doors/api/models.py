"""What the door for programs remembers: answers given, alarms that stand, files brought in. No personal text stays."""

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


class Import(models.Model):
    """A file that a program of an administrator brings in: how it is read, and what came of it.

    The table itself, and the names in what came of it, are bytes that nobody uses: they go after a day.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    # "people" or "places".
    subject = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    # {heading: field}, as the program has it.
    columns = models.JSONField(default=dict)
    archive_missing = models.BooleanField()
    new_departments = models.BooleanField()
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # {"created": 3, "changed": 1, "archived": 0}
    sums = models.JSONField(default=dict)
    report_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["person", "-id"], name="imports_of_a_person")]
