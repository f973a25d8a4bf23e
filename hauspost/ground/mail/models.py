"""Outgoing mail and what became of it, recipient by recipient (P5.1)."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.files.actions import read_blob

RAW_LIMIT = 64 * 1024  # Larger letters lie beside the database, as a blob.


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, moment: datetime) -> "OutgoingMailQuerySet":
        """What may leave now: its pause is over; or a worker claimed it, and was killed."""
        return self.filter(next_try_at__lte=moment)

    def waiting(self) -> "OutgoingMailQuerySet":
        """What has not left yet, or not for everybody: the queue (P5.6)."""
        return self.filter(next_try_at__isnull=False)

    def in_trouble(self) -> "OutgoingMailQuerySet":
        """What an administrator should look at: tried in vain, or given up for at least one recipient."""
        return self.filter(give_up_at__isnull=False)

    def longest_waiting_first(self) -> "OutgoingMailQuerySet":
        return self.order_by("created_at", "id")

    def of(self, stream: str) -> "OutgoingMailQuerySet":
        """All mails that belong to a ticket, say."""
        return self.filter(stream=stream)


class OutgoingMail(models.Model):
    """One letter on its way to one or more recipients."""

    class Kind(models.TextChoices):
        REPLY = "reply"
        ACKNOWLEDGEMENT = "acknowledgement"
        NOTICE = "notice"
        ALERT = "alert"

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        PARTLY = "partly"
        FAILED = "failed"
        CANCELLED = "cancelled"

    created_at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # The stream of the record that is told what became of it; "" for none.
    stream = models.CharField(max_length=120, blank=True)
    about = models.BigIntegerField(default=0)
    entry = models.BigIntegerField(default=0)
    person_uid = models.CharField(max_length=36, blank=True)
    message_id = models.CharField(max_length=330, unique=True)
    # The mail server it leaves by; null is the house's own (outgoing_host).
    account = models.ForeignKey(MailAccount, null=True, on_delete=models.PROTECT, related_name="+")
    # "" is the null sender; any other address gets the mail's own signed token when it leaves (VERP).
    envelope_from = models.CharField(max_length=320, blank=True)
    raw = models.BinaryField(null=True)
    blob_sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    # The end of the time in which it may be undone (P6.4).
    not_before = models.DateTimeField()
    # When it is taken next; while a worker has it, when another one may take it from him; null when it is finished.
    next_try_at = models.DateTimeField(null=True)
    # Only for what was tried in vain: a day after the first try a temporary refusal counts as failed (P5.2).
    give_up_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    last_error = models.TextField(blank=True)
    perhaps_twice = models.BooleanField(default=False)
    claimed_at = models.DateTimeField(null=True)
    # Set before the last byte leaves and cleared with the answer: whoever dies between leaves it standing.
    leaving_at = models.DateTimeField(null=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(raw__isnull=True) | Q(blob_sha256=""), name="mail_lies_in_one_place"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sending"], next_try_at__isnull=False)
                | Q(state__in=["sent", "partly", "failed", "cancelled"], next_try_at__isnull=True),
                name="mail_is_tried_until_finished",
            ),
        ]
        # SQLite takes a partial index only for "is not null": it infers nothing from the values of a query.
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="mail_due", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=["give_up_at"], name="mail_in_trouble", condition=Q(give_up_at__isnull=False)),
            models.Index(fields=["stream"], name="mail_by_stream"),
            models.Index(fields=["entry"], name="mail_by_entry"),
            models.Index(fields=["person_uid", "created_at"], name="mail_by_person"),
            # Not by kind first: SQLite would take that for "the replies of these entries", and read all replies.
            models.Index(fields=["created_at"], name="mail_by_day"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} ({self.kind}, {self.state})"

    @property
    def age(self) -> timedelta:
        """How long ago it was written (P5.6)."""
        return clock.now() - self.created_at

    @property
    def may_be_undone(self) -> bool:
        """Whether the time to undo is still running (P6.4); `outbox.cancel` decides for good."""
        return self.state == self.State.QUEUED and clock.now() < self.not_before

    def letter(self) -> bytes:
        """The letter's bytes; empty when they were erased. Raises BytesMissing."""
        if self.raw is not None:
            return bytes(self.raw)
        if not self.blob_sha256:
            return b""
        return read_blob(self.blob_sha256)


class OutgoingRecipient(models.Model):
    """One address a letter goes to, and how far it came (P5.1)."""

    class State(models.TextChoices):
        QUEUED = "queued"
        DELAYED = "delayed"
        HANDED_OVER = "handed_over"
        FAILED = "failed"
        BOUNCED = "bounced"
        CANCELLED = "cancelled"

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=320)
    person_uid = models.CharField(max_length=36, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    # The mail server's answer, or 0 and what a bounce said.
    reply_code = models.PositiveSmallIntegerField(default=0)
    reply_text = models.TextField(blank=True)
    # Tells a delay that was reported later, elsewhere, from one in our own queue: this one is never sent again.
    handed_over_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["mail", "address"], name="recipient_once_in_its_mail")]
        indexes = [
            models.Index(fields=["person_uid"], name="recipient_by_person"),
        ]

    def __str__(self) -> str:
        return f"recipient {self.pk} of mail {self.mail_id} ({self.state})"

    @property
    def is_pending(self) -> bool:
        """Whether our own queue still has to hand it over."""
        return self.handed_over_at is None and self.state in (self.State.QUEUED, self.State.DELAYED)
