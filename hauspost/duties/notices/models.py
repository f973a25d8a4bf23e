"""Notices in the page: what an agent is told, beside the mail that says the same."""

from django.db import models
from django.db.models import F, Q

from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Entry, Ticket


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, person: Person) -> "NoticeQuerySet":
        """A person's notices, the newest first."""
        return self.filter(person=person).order_by("-id")

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One thing that one person is told about one ticket; or an administrator, about the house (no ticket)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.CASCADE, related_name="+")
    # What happened, as the record calls it: ticket.answered, mail.failed …
    kind = models.CharField(max_length=60)
    reason = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("person", F("id").desc(), name="unread_notices", condition=Q(read_at__isnull=True)),
            models.Index("person", "ticket", name="notices_of_ticket"),
        ]
