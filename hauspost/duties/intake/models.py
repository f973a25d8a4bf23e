"""The intake journal: every accepted mail, and its one disposition."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hauspost.ground.accounts.models import MailAccount
from hauspost.records.people.models import Mailbox


class Delivery(models.Model):
    """One mail for one recipient, as it was accepted; it ends in exactly one disposition."""

    class Disposition(models.TextChoices):
        WAITING = "waiting", _("waiting")
        TICKET = "ticket", _("new ticket")
        ANSWER = "answer", _("follow-up")
        REPLY = "reply", _("reply by an agent")
        NOTE = "note", _("note by an agent")
        COMMAND = "command", _("commands by an agent")
        DUPLICATE = "duplicate", _("duplicate")
        BOUNCE = "bounce", _("bounce")
        AUTOMATIC = "automatic", _("automatic mail")
        OWN = "own", _("sent by ourselves")
        FLOOD = "flood", _("flood")
        SPAM = "spam", _("spam")
        UNCHECKED = "unchecked", _("to be checked")
        REFUSED = "refused", _("refused")
        QUARANTINE = "quarantine", _("quarantine")
        DISCARDED = "discarded", _("discarded")

    received_at = models.DateTimeField()
    via = models.CharField(max_length=10)
    source = models.CharField(max_length=255, blank=True)
    # Unique with the recipient: an SMTP transaction, or a file's stable identity.
    transaction = models.CharField(max_length=255)
    recipient = models.CharField(max_length=320)
    # The intake address behind the recipient; "" for return paths and postmaster. Who may see it follows from its team.
    mailbox = models.CharField(max_length=320, blank=True)
    mail_from = models.CharField(max_length=320, blank=True)
    is_trusted_relay = models.BooleanField(default=False)
    # Raw mail up to 64 kB lies here, so that one commit keeps it; larger mail is a stored file.
    raw = models.BinaryField(null=True)
    blob = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    # As far as readable, for the ledger and its search.
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    message_id_hash = models.BinaryField(max_length=16, null=True)
    content_hash = models.BinaryField(max_length=16, null=True)
    person_uid = models.CharField(max_length=36, blank=True)
    disposition = models.CharField(max_length=12, choices=Disposition.choices, default=Disposition.WAITING)
    disposed_at = models.DateTimeField(null=True)
    # The rule or the evidence that decided, and what there is to say about it.
    because = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)
    ticket = models.BigIntegerField(null=True)
    entry = models.BigIntegerField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Why its reading had to be stopped (reading.HARD_FAULTS), whatever becomes of it: nobody reads it unguarded.
    fault = models.CharField(max_length=12, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["transaction", "recipient"], name="delivery_once")]
        indexes = [
            models.Index(fields=["id"], name="delivery_waiting", condition=Q(disposed_at__isnull=True)),
            models.Index(fields=["received_at", "id"], name="delivery_by_day"),
            models.Index(fields=["sender", "received_at"], name="delivery_by_sender"),
            models.Index(
                fields=["message_id_hash"], name="delivery_by_message", condition=Q(message_id_hash__isnull=False)
            ),
            models.Index(fields=["disposition", "id"], name="delivery_by_disposition"),
            models.Index(fields=["mailbox", "id"], name="delivery_by_mailbox"),
        ]


class FetchedFolder(models.Model):
    """A folder on a mail server from which mail is fetched for a mailbox, and how far we have come (P2, P12)."""

    class Takes(models.TextChoices):
        """What the first fetch takes (P2.4)."""

        NEW = "new", _("only mail from now on")
        UNREAD = "unread", _("unread mail")
        ALL = "all", _("all mail")

    class Afterwards(models.TextChoices):
        """What becomes of the mail on its server once we have it for good (P2.1)."""

        SEEN = "seen", _("mark it as read")
        FLAG = "flag", _("flag it")
        MOVE = "move", _("move it to another folder")
        DELETE = "delete", _("delete it")

    class State(models.TextChoices):
        NEW = "new", _("not fetched yet")
        WORKING = "working", _("working")
        FAILING = "failing", _("failing")
        PAUSED = "paused", _("paused")

    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="folders")
    account = models.ForeignKey(MailAccount, on_delete=models.PROTECT, related_name="folders")
    folder = models.CharField(max_length=255, default="INBOX")
    takes = models.CharField(max_length=10, choices=Takes.choices, default=Takes.NEW)
    afterwards = models.CharField(max_length=10, choices=Afterwards.choices, default=Afterwards.SEEN)
    move_to = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    # How far we are: every UID up to this one is taken, or was there before the first fetch.
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    last_mail_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    # One process at a time fetches a folder; a lease that is over may be taken by another one.
    leased_by = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "folder"], name="folder_fetched_once")]

    def __str__(self) -> str:
        return f"{self.folder} of {self.account}"
