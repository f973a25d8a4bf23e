"""The ticket and what belongs to it: entries, attachments, participants, links, tags, known Message-IDs."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hauspost.ground.files.models import Blob
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.models import Department, Named, Person, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.reading import EntryQuerySet, TicketQuerySet


class Status(Named):
    """A state of tickets: named by the company, of one fixed kind, so that clocks and reports keep working."""

    class Kind(models.TextChoices):
        NEW = "new", _("new")
        OPEN = "open", _("open")
        WAITING_REQUESTER = "waiting_requester", _("waiting for requester")
        WAITING_THIRD = "waiting_third", _("waiting for third party")
        WAITING_DATE = "waiting_date", _("waiting for date")
        PLANNED = "planned", _("planned")
        RESOLVED = "resolved", _("resolved")
        CLOSED = "closed", _("closed")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    position = models.PositiveSmallIntegerField(default=0)

    WAITING = ("waiting_requester", "waiting_third", "waiting_date")
    DONE = ("resolved", "closed")


class Level(models.IntegerChoices):
    """How bad (impact), how soon (urgency)."""

    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")


class Priority(models.IntegerChoices):
    """The result of impact and urgency."""

    LOW = 1, _("low")
    NORMAL = 2, _("normal")
    HIGH = 3, _("high")
    CRITICAL = 4, _("critical")


class Channel(models.TextChoices):
    """The way in."""

    MAIL = "mail", _("by e-mail")
    PORTAL = "portal", _("through the portal")
    API = "api", _("by another program")
    PHONE = "phone", _("by phone")
    WALK_IN = "walk_in", _("in person")
    IMPORT = "import", _("imported")


class WorkPlace(models.TextChoices):
    """Where it can be solved."""

    REMOTE = "remote", _("remotely")
    ON_SITE = "on_site", _("on site")


class Ticket(models.Model):
    """The recorded matter. Its row holds what lists show; everything about how it came there is in its record."""

    number = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=2000)
    requester = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requested")
    affected = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="tickets")
    assignee = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="assigned")
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=20, choices=TicketType.choices, blank=True)
    impact = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.LOW)
    urgency = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.MEDIUM)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # For whom it was asked: the requester's when it was opened, or the one the form named.
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    status = models.ForeignKey(Status, on_delete=models.PROTECT, related_name="+")
    # The kind of its status, in the row itself: lists and their partial indexes stand on it.
    state = models.CharField(max_length=20, choices=Status.Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    # The intake address that was written to; answers come from it (P31.1).
    intake_address = models.CharField(max_length=320, blank=True)
    work_place = models.CharField(max_length=10, choices=WorkPlace.choices, blank=True)
    technician = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    # Who cannot work, how much, from when to when.
    impact_people = models.PositiveIntegerField(null=True, blank=True)
    impact_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    impact_from = models.DateTimeField(null=True, blank=True)
    impact_to = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    # The last thing that a reader would call news; lists sort by it.
    changed_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # The requester wrote last, and nobody has answered yet.
    awaits_reply = models.BooleanField(default=True)
    # Raised with every change; forms carry it, so that two edits meet field by field (P24.3).
    version = models.PositiveIntegerField(default=1)

    objects = TicketQuerySet.as_manager()
    # The first entry, right after the ticket was opened with it.
    opened_with: "Entry | None" = None

    class Meta:
        # SQLite uses a partial index only where the question needs no parameter to imply its condition: IS NULL.
        indexes = [
            models.Index(
                "team",
                F("changed_at").desc(),
                F("number").desc(),
                name="open_of_team",
                condition=Q(resolved_at__isnull=True),
            ),
            models.Index(
                "assignee",
                F("changed_at").desc(),
                F("number").desc(),
                name="open_of_assignee",
                condition=Q(resolved_at__isnull=True),
            ),
            models.Index(
                F("changed_at").desc(), F("number").desc(), name="open_by_news", condition=Q(resolved_at__isnull=True)
            ),
            models.Index("team", "state", F("changed_at").desc(), F("number").desc(), name="state_of_team"),
            models.Index("requester", F("changed_at").desc(), F("number").desc(), name="of_requester"),
            models.Index("department", F("changed_at").desc(), F("number").desc(), name="of_department"),
            models.Index(
                "team",
                F("changed_at").desc(),
                F("number").desc(),
                name="done_of_team",
                condition=Q(resolved_at__isnull=False),
            ),
            models.Index("wake_at", name="snoozed", condition=Q(wake_at__isnull=False)),
            models.Index(
                "team",
                F("changed_at").desc(),
                F("number").desc(),
                name="snoozed_of_team",
                condition=Q(wake_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["resolved", "closed"], resolved_at__isnull=False)
                | (~Q(state__in=["resolved", "closed"]) & Q(resolved_at__isnull=True)),
                name="done_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    @property
    def stream(self) -> str:
        """Where the ticket's record stands."""
        return f"ticket:{self.number}"

    @property
    def is_open(self) -> bool:
        """Is there still something to do?"""
        return self.state not in Status.DONE


class Entry(models.Model):
    """One entry in a ticket: the request, a reply, or an internal note."""

    class Kind(models.TextChoices):
        REQUEST = "request", _("request")
        REPLY = "reply", _("reply")
        NOTE = "note", _("internal note")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # False for notes, and for mails that wait for somebody to release them (S8, S9).
    is_public = models.BooleanField(default=True)
    held_because = models.CharField(max_length=40, blank=True)
    # Written by the desk, or by the requester's side.
    is_from_desk = models.BooleanField(default=False)
    is_automatic = models.BooleanField(default=False)
    author = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    author_address = models.CharField(max_length=320, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    proof = models.CharField(max_length=20, blank=True)
    # What its mail told besides words: how the sender was proven ({"spf": "pass", "dmarc": …, "by": …}, S7), its
    # signature, how it was encrypted, its events, what was too big; what is not known is not there.
    evidence = models.JSONField(default=dict)
    subject = models.CharField(max_length=2000, blank=True)
    # The whole readable text; what is shown, as safe HTML; what is folded away below it (P4: never removed).
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    quoted_html = models.TextField(blank=True)
    sanitiser = models.PositiveSmallIntegerField(default=0)
    recipients = models.JSONField(default=list)
    message_id = models.CharField(max_length=998, blank=True)
    # The Delivery (duties/intake) that brought it, and the stored raw mail.
    delivery = models.BigIntegerField(null=True)
    # The OutgoingMail (ground/mail) that carries it out.
    outgoing = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    # P6.4: until then a reply can be taken back; its requester does not see it earlier.
    leaves_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="entry_once_in_its_ticket")]
        indexes = [
            models.Index(fields=["delivery"], name="entry_of_delivery", condition=Q(delivery__isnull=False)),
            models.Index(fields=["author"], name="entry_by_author"),
        ]

    @property
    def owner(self) -> str:
        """As what its files are used."""
        return f"entry:{self.id}"

    @property
    def is_for_desk_only(self) -> bool:
        """Did it come encrypted for the desk, without proof that its sender could read it before? (P22.5)"""
        return bool(self.evidence.get("desk_only")) and not self.is_from_desk


class Attachment(models.Model):
    """A file of an entry."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="attachments")
    # None when the bytes were erased with their person.
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size_bytes = models.PositiveBigIntegerField()
    content_id = models.CharField(max_length=255, blank=True)
    is_inline = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)


class Participant(models.Model):
    """Somebody beside the requester who may follow the ticket, from a certain entry on."""

    class Role(models.TextChoices):
        PARTICIPANT = "participant", _("participant")
        WATCHER = "watcher", _("watcher")
        HELPER = "helper", _("helps on this")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="participants")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="participations")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.PARTICIPANT)
    # Named in a mail's Cc: proposed until the desk or the proven requester confirms (S8).
    is_confirmed = models.BooleanField(default=False)
    since_seq = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="participant_once")]
        indexes = [models.Index(fields=["person", "ticket"], name="participations")]


class TeamShare(models.Model):
    """Another team that may read a ticket and add notes: it handed the ticket on, or the mail went to it, too."""

    class Kind(models.TextChoices):
        HANDED_ON = "handed_on", _("handed on")
        ALSO_SENT = "also_sent", _("also sent to us")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="shares")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "team"], name="share_once")]
        indexes = [models.Index(fields=["team", "-ticket"], name="shared_with_team")]


class EmergencyAccess(models.Model):
    """A look into a confidential team's ticket by an administrator: with a reason, for an hour (P33.3)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ticket", "person"], name="emergency_access")]


class Satisfaction(models.Model):
    """What the requester answered when asked how it went (CSAT): 1 bad to 5 very good, and a word."""

    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="satisfaction")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    words = models.TextField(blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="satisfaction_from_1_to_5")]


class Link(models.Model):
    """Two tickets that have to do with each other."""

    class Kind(models.TextChoices):
        RELATED = "related", _("related to")
        DUPLICATE = "duplicate", _("duplicate of")
        BLOCKS = "blocks", _("blocks")
        PARENT = "parent", _("parent of")
        MENTIONS = "mentions", _("mentions")
        SUCCESSOR = "successor", _("successor of")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="links")
    other = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField(max_length=12, choices=Kind.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "other", "kind"], name="link_once")]


class NumberElsewhere(models.Model):
    """Under which number another system (a supplier's helpdesk, Jira) knows the same matter (P8.6)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="elsewhere")
    number = models.CharField(max_length=60)
    # The same in capitals: by it a mail's subject is searched.
    key = models.CharField(max_length=60)
    # From which mail domain that system writes; "" where only those we wrote to may answer by it.
    domain = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "key"], name="number_elsewhere_once")]
        indexes = [models.Index(fields=["key"], name="number_elsewhere")]


class Tag(models.Model):
    """A word that the desk puts on a ticket."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="tags")
    word = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "word"], name="tag_once")]
        indexes = [models.Index(fields=["word", "ticket"], name="tickets_by_tag")]

    def __str__(self) -> str:
        return self.word


class KnownMessage(models.Model):
    """A Message-ID that belongs to a ticket; long ids are found by their hash."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    id_hash = models.BinaryField(max_length=16)

    class Meta:
        indexes = [models.Index(fields=["id_hash"], name="known_message")]
