"""Persons, their addresses, departments, teams and roles; and the intake addresses of teams."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.text.words import in_language, sort_key


class Named(models.Model):
    """A thing that the company names: a stable key, words in its languages; archived, never deleted."""

    key = models.SlugField(max_length=60, unique=True)
    words = models.JSONField(default=dict)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Its name in the language of whoever reads."""
        return self.name_in(get_language() or settings.LANGUAGE_CODE)

    def name_in(self, language: str) -> str:
        """Its name in a language, with the company's as fallback."""
        return in_language(self.words, language, settings.LANGUAGE_CODE) or self.key


class Department(Named):
    """A unit of people."""

    cost_centre = models.CharField(max_length=40, blank=True)


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> "PersonQuerySet":
        return self.filter(deactivated_at__isnull=True, merged_into__isnull=True)

    def by_name(self) -> "PersonQuerySet":
        return self.order_by("sort_key", "id")


class PersonManager(BaseUserManager["Person"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    """Persons; made by the verbs only."""


class Person(AbstractBaseUser):
    """Somebody who asks, works or decides. Most have no password; nobody has a user name."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    sort_key = models.CharField(max_length=200, db_index=True)
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    # What another system (payroll, directory) calls this person; an import finds them by it, and archives only these.
    external_key = models.CharField(max_length=120, null=True, blank=True, unique=True)
    # Where it differs from the department's.
    cost_centre = models.CharField(max_length=40, blank=True)
    line_manager = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports")
    is_administrator = models.BooleanField(default=False)
    is_auditor = models.BooleanField(default=False)
    # May follow what the own department asks for (P49.1).
    sees_department = models.BooleanField(default=False)
    # Another program, which acts through the API with roles like anybody else and never signs in (P38.1).
    is_integration = models.BooleanField(default=False)
    # P30: mails that this agent passes on to a mailbox become their real sender's tickets.
    forwards_for_others = models.BooleanField(default=True)
    # Known by mail only, from outside the company: no portal by default (S9).
    is_external = models.BooleanField(default=False)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    # Raised by whatever must end sessions at once: deactivation, a new password, other rights (S13).
    session_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "uid"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = PersonManager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """May this person act at all?"""
        return self.deactivated_at is None and self.merged_into_id is None and self.erased_at is None

    @property
    def stream(self) -> str:
        """Where this person's record stands."""
        return f"person:{self.uid}"

    def get_session_auth_hash(self) -> str:
        """What every session is bound to: password and version; when either changes, all sessions end (S13)."""
        from django.utils.crypto import salted_hmac

        return salted_hmac("hauspost session", f"{self.password} {self.session_version}").hexdigest()


class Address(models.Model):
    """A mail address: of one person, shared, of a machine, or ours."""

    class Kind(models.TextChoices):
        PERSONAL = "personal", _("personal")
        SHARED = "shared", _("shared")
        MACHINE = "machine", _("machine")
        OURS = "ours", _("ours")

    # Case-folded; one row an address, whatever happens to its person's name.
    address = models.CharField(max_length=320, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSONAL)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="addresses")
    is_main = models.BooleanField(default=True)
    is_verified = models.BooleanField(default=False)
    # P14.2: three bounces in a row, and the desk is told that the address is dead.
    bounces = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(is_main=True, person__isnull=False), name="one_main_address_a_person"
            )
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def domain(self) -> str:
        """The part behind the @."""
        return self.address.rpartition("@")[2]


class TeamQuerySet(models.QuerySet["Team"]):
    def active(self) -> "TeamQuerySet":
        return self.filter(archived_at__isnull=True).order_by("id")


class Team(Named):
    """The group responsible for a kind of tickets."""

    # Its tickets are read by its members only; not even administrators (P33.3).
    is_confidential = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    acknowledges = models.BooleanField(default=True)
    # P33.2: whoever hands a ticket on has to say why; and the old team may go on reading it.
    handover_needs_note = models.BooleanField(default=False)
    watches_handed_on = models.BooleanField(default=True)
    # Asks the requester one question when a ticket is done.
    asks_satisfaction = models.BooleanField(default=False)
    # P29.3: its agents may write "#close" and the like into the first lines of a mail.
    takes_commands = models.BooleanField(default=False)

    objects = TeamQuerySet.as_manager()


class Membership(models.Model):
    """A person's role in a team."""

    class Role(models.TextChoices):
        READ_ONLY = "read_only", _("read-only")
        AGENT = "agent", _("agent")
        DISPATCHER = "dispatcher", _("dispatcher")
        LEAD = "lead", _("team lead")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    is_technician = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "team"], name="one_role_a_team")]


class Mailbox(models.Model):
    """An intake address: mail to it becomes tickets of its team."""

    class Welcome(models.TextChoices):
        """Who may write; everybody else's mail waits to be checked, and is never answered (P35.1)."""

        EVERYONE = "everyone", _("everyone")
        DOMAINS = "domains", _("known domains")
        PEOPLE = "people", _("known people")

    class SenderName(models.TextChoices):
        """As whom a reply comes (P31.4)."""

        PERSON = "person", _("the person and the team")
        TEAM = "team", _("the team only")

    address = models.OneToOneField(Address, on_delete=models.PROTECT, related_name="mailbox")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="mailboxes")
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    welcomes = models.CharField(max_length=10, choices=Welcome.choices, default=Welcome.EVERYONE)
    # Besides the company's own domains.
    domains = models.JSONField(default=list)
    # P7.8: alarms, scans and backups become tickets; otherwise they wait to be checked.
    takes_automatic = models.BooleanField(default=True)
    # P9.5: mail between colleagues that does not name this address in To or Cc is no ticket.
    ignores_internal = models.BooleanField(default=False)
    # After so many days what was never checked is forgotten (P35.1); 0 keeps it.
    unchecked_days = models.PositiveSmallIntegerField(default=30)
    # 0: as large as the house takes.
    size_limit_bytes = models.PositiveBigIntegerField(default=0)
    # P36.1: a choice, as users disagree.
    answers_too_big = models.BooleanField(default=False)
    # {language tag: text} below every reply.
    signature = models.JSONField(default=dict)
    sender_name = models.CharField(max_length=10, choices=SenderName.choices, default=SenderName.PERSON)
    # May replies leave under this address (P31.1)? And by which mail server; without one by the house's own.
    may_send = models.BooleanField(default=True)
    sends_by = models.ForeignKey(MailAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="mailboxes")
    # P10.3: an alarm after so many hours without a mail; null lets it be learned, 0 switches it off.
    quiet_after_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    told_quiet_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.address.address

    @property
    def stream(self) -> str:
        """Where its record stands."""
        return f"setting:mailbox:{self.address.address}"


class MailboxAlias(models.Model):
    """One more address of a mailbox; replies leave under it only where that is permitted, too (P31.1)."""

    address = models.OneToOneField(Address, on_delete=models.PROTECT, related_name="alias_of")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="aliases")
    may_send = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.address.address


class MailboxKey(models.Model):
    """A private key of a mailbox: with it we read what was encrypted for it (P22.5)."""

    class Kind(models.TextChoices):
        SMIME = "smime", _("S/MIME")
        PGP = "pgp", _("PGP")

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # The certificate (PEM), or the public key (armoured): what may be shown.
    public = models.TextField()
    private_sealed = models.TextField()
    fingerprint = models.CharField(max_length=128)
    addresses = models.JSONField(default=list)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "fingerprint"], name="key_once_in_its_mailbox")]


class Absence(models.Model):
    """From when to when somebody is away, and who stands in (P48.1). Both days included."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField()
    ends_on = models.DateField()
    deputy = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="stands_in")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="absence_ends_after_it_starts")
        ]
        indexes = [models.Index(fields=["ends_on", "starts_on"], name="absences_by_day")]


class AccessToken(models.Model):
    """What a program shows to act as a person or an integration; stored as its hash only (P38.1, S12)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=120)
    token_hash = models.CharField(max_length=64, unique=True)
    # The first letters, so that somebody can tell one from another; they open nothing.
    begins = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    # To the minute: a busy token does not write a row for every request.
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class LinkToken(models.Model):
    """A one-time or person-bound link, stored as its hash only (S12)."""

    class Purpose(models.TextChoices):
        FIRST_ADMINISTRATOR = "first-administrator", _("first administrator")
        TICKET = "ticket", _("one ticket")

    token_hash = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=30, choices=Purpose.choices)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    about = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["purpose", "about"], name="links_about")]


class SignInAttempt(models.Model):
    """A failed sign-in, to slow the next ones down (S22); the address stands as a hash."""

    who_hash = models.CharField(max_length=64)
    peer = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["who_hash", "at"], name="attempt_by_account"),
            models.Index(fields=["peer", "at"], name="attempt_by_peer"),
        ]


def sort_key_of(name: str) -> str:
    """A folded key that sorts names alike on both databases."""
    return sort_key(name)[:200]
