"""How long tickets are kept, what must not go, and what has gone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hauspost.records.catalogue.models import TicketType
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets.models import Ticket


class What(models.TextChoices):
    """What happens to a ticket whose time is over."""

    ANONYMISE = "anonymise", _("anonymise")
    DELETE = "delete", _("delete")


class RetentionRule(models.Model):
    """After how many months a closed ticket of a team and a type goes; a new rule waits until somebody starts it."""

    # None is every team; "" is every type.
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=20, choices=TicketType.choices, blank=True)
    months = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=10, choices=What.choices)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "type", "what"], condition=Q(team__isnull=False), name="one_rule_a_team_and_type"
            ),
            models.UniqueConstraint(
                fields=["type", "what"], condition=Q(team__isnull=True), name="one_rule_a_type_for_all_teams"
            ),
            models.CheckConstraint(condition=Q(months__gte=1, months__lte=600), name="kept_for_1_to_600_months"),
        ]


class LegalHold(models.Model):
    """Nothing of this ticket, or of this person, goes while it stands; it wins over every rule and every erasure."""

    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    lifted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, person__isnull=True) | Q(ticket__isnull=True, person__isnull=False),
                name="hold_on_a_ticket_or_a_person",
            ),
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(lifted_at__isnull=True, ticket__isnull=False), name="one_hold_a_ticket"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(lifted_at__isnull=True, person__isnull=False), name="one_hold_a_person"
            ),
        ]


class Expiry(models.Model):
    """One ticket whose time was over, and how much went: the log without a word of its content."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=10, choices=What.choices)
    rule = models.ForeignKey(RetentionRule, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    entries = models.PositiveIntegerField()
    files = models.PositiveIntegerField()
    mails = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "expiries"
        indexes = [
            models.Index(fields=["ticket", "what"], name="expiry_of_ticket"),
            models.Index(fields=["-at", "-id"], name="expiry_by_time"),
        ]


class RetentionRun(models.Model):
    """One day's run: whatever the number of workers, one of them begins it, and all may help."""

    day = models.DateField(unique=True)
    finished_at = models.DateTimeField(null=True)
