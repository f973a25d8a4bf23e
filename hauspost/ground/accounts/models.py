"""One mail server with one login: by password or by OAuth, with what is known of its health."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailAccountQuerySet(models.QuerySet["MailAccount"]):
    def active(self) -> "MailAccountQuerySet":
        return self.filter(archived_at__isnull=True).order_by("id")


class MailAccount(models.Model):
    """A mail server and as whom we sign in there. Every secret in it is sealed (ground/sealing)."""

    class Kind(models.TextChoices):
        OTHER = "other", _("another mail server")
        MICROSOFT = "microsoft", _("Microsoft 365")
        GOOGLE = "google", _("Google Workspace")

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the start")
        STARTTLS = "starttls", _("STARTTLS")
        NONE = "none", _("none (this machine only)")

    class SignIn(models.TextChoices):
        PASSWORD = "password", _("with a password")
        OAUTH = "oauth", _("with OAuth")

    class Grant(models.TextChoices):
        # A person or the mailbox itself agreed in the browser; a refresh token keeps it going.
        DELEGATED = "delegated", _("agreed in the browser")
        # The program signs in as itself, for the mailboxes that the company's administrator named (P10.6).
        APP = "app", _("as the program itself")

    class State(models.TextChoices):
        NEW = "new", _("not tried yet")
        WORKING = "working", _("working")
        FAILING = "failing", _("failing")
        # OAuth: the server takes our authorisation no more (invalid_grant); only a person can mend it (P10.2).
        SIGNED_OUT = "signed_out", _("needs a new authorisation")

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)
    # "" where it does not fetch, or does not send.
    imap_host = models.CharField(max_length=255, blank=True)
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=10, choices=Security.choices, default=Security.TLS)
    smtp_host = models.CharField(max_length=255, blank=True)
    smtp_port = models.PositiveIntegerField(default=587)
    smtp_security = models.CharField(max_length=10, choices=Security.choices, default=Security.STARTTLS)
    # Where a copy of what was sent is laid, by IMAP; "" for nowhere (P31.3).
    sent_folder = models.CharField(max_length=255, blank=True)
    # Whose mailbox it is; with a shared one this differs from who authorised (P31.3).
    user = models.CharField(max_length=320, blank=True)
    sign_in = models.CharField(max_length=10, choices=SignIn.choices, default=SignIn.PASSWORD)
    password_sealed = models.TextField(blank=True)
    # The name under which that server writes down what it found out about senders (S7); "" where it vouches for nobody.
    auth_serv_id = models.CharField(max_length=255, blank=True)
    # Exchange Online writes no name: whether its word counts where the mail shows that it is its own; Microsoft only.
    believes_unnamed_results = models.BooleanField(default=False)

    grant = models.CharField(max_length=10, choices=Grant.choices, default=Grant.DELEGATED)
    tenant = models.CharField(max_length=120, blank=True)
    client_id = models.CharField(max_length=255, blank=True)
    client_secret_sealed = models.TextField(blank=True)
    # P10.5: warned 30, 7 and 1 days before.
    client_secret_ends_on = models.DateField(null=True, blank=True)
    # Only for another provider; Microsoft's and Google's are known.
    authorise_url = models.CharField(max_length=500, blank=True)
    token_url = models.CharField(max_length=500, blank=True)
    scopes = models.CharField(max_length=1000, blank=True)
    authorised_by = models.CharField(max_length=320, blank=True)
    authorised_at = models.DateTimeField(null=True, blank=True)
    refresh_token_sealed = models.TextField(blank=True)
    access_token_sealed = models.TextField(blank=True)
    access_ends_at = models.DateTimeField(null=True, blank=True)
    # While one worker renews the tokens: until then the others wait for it.
    renewing_until = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    last_error = models.TextField(blank=True)
    # Since when nothing has worked; null while it does.
    failing_since = models.DateTimeField(null=True, blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    # When administrators were last told of this trouble, or of a secret that ends.
    told_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    # In a restored copy nobody signs in until an administrator says so: the desk it was copied from may still do (P40).
    held_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = MailAccountQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        """Where its record stands."""
        return f"setting:mail-server:{self.pk}"

    @property
    def is_authorised(self) -> bool:
        """Whether there is anything to sign in with."""
        if self.sign_in == self.SignIn.PASSWORD:
            return bool(self.password_sealed)
        if self.grant == self.Grant.APP:
            return bool(self.client_id and self.client_secret_sealed)
        return bool(self.refresh_token_sealed)
