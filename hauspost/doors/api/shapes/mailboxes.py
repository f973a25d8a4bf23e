"""Mailboxes and mail servers as they come in and go out; secrets come in only (S21)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from hauspost.doors.api.shapes.common import Asked, Day, Key, Line, ShortLine, Told, ToldMoment, Whole, Yes
from hauspost.doors.api.shapes.people import Language

Welcomes = Literal["everyone", "domains", "people"]
SenderName = Literal["person", "team"]
Takes = Literal["new", "unread", "all"]
Afterwards = Literal["seen", "flag", "move", "delete"]
Kind = Literal["other", "microsoft", "google"]
Security = Literal["tls", "starttls", "none"]
SignIn = Literal["password", "oauth"]
Grant = Literal["delegated", "app"]
MailAddress = Annotated[
    str,
    StringConstraints(min_length=3, max_length=320, pattern=r"^[^\x00]*$"),
    Field(examples=["it@tickets.firma.example"]),
]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
FolderName = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$"), Field(examples=["INBOX"])
]
Signature = Annotated[
    dict[ShortLine, Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]],
    Field(description="By language, below every reply.", examples=[{"en": "IT service", "de": "IT-Service"}]),
]
Secret = Annotated[
    str,
    StringConstraints(max_length=1000, pattern=r"^[^\x00]*$"),
    Field(description="Is never told again. Empty: the stored one stays.", json_schema_extra={"writeOnly": True}),
]


class AliasTold(Told):
    """One more address of a mailbox."""

    id: int
    address: str
    may_send: bool


class FolderTold(Told):
    """A folder from which mail is fetched."""

    id: int
    server: int
    folder: str
    takes: str
    afterwards: str
    move_to: str
    state: str
    last_error: str
    checked_at: ToldMoment | None


class KeyTold(Told):
    """A key by which encrypted mail is read; its private part is never told."""

    id: int
    kind: str
    fingerprint: str
    addresses: list[str]
    ends_at: ToldMoment | None


class MailboxTold(Told):
    """A mailbox: what was set, and how it fares."""

    id: int
    href: str
    address: str
    team: str
    name: str
    language: str
    is_archived: bool
    welcomes: str
    domains: list[str]
    takes_automatic: bool
    ignores_internal: bool
    unchecked_days: int
    size_limit_bytes: int = Field(description="0: as large as the house takes.")
    answers_too_big: bool
    signature: dict[str, str]
    sender_name: str
    may_send: bool
    sends_by: int | None = Field(description="A mail server; null for the house's own.")
    quiet_after_hours: int | None = Field(description="Null: learned from the days before; 0: never.")
    aliases: list[AliasTold]
    folders: list[FolderTold]
    keys: list[KeyTold]
    state: str = Field(examples=["working"])
    error: str
    last_mail_at: ToldMoment | None
    mails_today: int | None = Field(description="Null where only its confidential team knows.")


class Mailboxes(Told):
    """Every mailbox."""

    mailboxes: list[MailboxTold]


class MailboxDone(Told):
    """A change of a mailbox is done; `id` is what it was about: the mailbox itself, an alias, a folder or a key."""

    id: int
    href: str


class MailboxAsked(Asked):
    """An address whose mail becomes tickets of a team."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"address": "it@tickets.firma.example", "team": "it"}]}
    )

    address: MailAddress
    team: Key
    name: Annotated[ShortLine, Field(max_length=120)] = ""
    language: Language = ""


class MailboxChange(Asked):
    """What has changed about a mailbox; what is not named stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"welcomes": "people"}]})

    team: Key = ""
    name: Annotated[ShortLine, Field(max_length=120)] = ""
    language: Language = ""
    welcomes: Welcomes = "everyone"
    domains: Annotated[list[ShortLine], Field(max_length=500)] = Field(default_factory=list)
    takes_automatic: Yes = True
    ignores_internal: Yes = False
    unchecked_days: Annotated[Count, Field(le=3650)] = 30
    size_limit_bytes: Count = 0
    answers_too_big: Yes = False
    signature: Signature = Field(default_factory=dict)
    sender_name: SenderName = "person"
    may_send: Yes = True
    sends_by: Whole | None = None
    quiet_after_hours: Annotated[Count, Field(le=1440)] | None = None


class AliasAsked(Asked):
    """One more address of a mailbox."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"address": "it@firma.example"}]})

    address: MailAddress
    may_send: Yes = False


class AliasChange(Asked):
    """Whether replies may leave under an alias."""

    may_send: Yes


class FolderAsked(Asked):
    """A folder from which mail is fetched from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"server": 1, "folder": "INBOX"}]})

    server: Whole
    folder: FolderName
    takes: Takes = Field("new", description="What the first fetch takes.")
    afterwards: Afterwards = Field(
        "seen", description="What becomes of the mail on its server once it is here for good."
    )
    move_to: Annotated[Line, Field(max_length=255)] = ""


class FolderChange(Asked):
    """What becomes of fetched mail on its server."""

    afterwards: Afterwards
    move_to: Annotated[Line, Field(max_length=255)] = ""


class KeyAsked(Asked):
    """A file with a private key: PKCS #12, PEM or PGP, in base64."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=1_400_000, pattern=r"^[A-Za-z0-9+/=\s]*$")] = Field(
        json_schema_extra={"writeOnly": True}
    )
    password: Secret = ""


class FindingTold(Told):
    """What a test found, and what the server said."""

    about: str = Field(examples=["INBOX"])
    ok: bool
    words: str
    detail: str


class Findings(Told):
    """What tests found."""

    findings: list[FindingTold]


class AttemptTold(Told):
    """A mail that was sent to the mailbox itself, and how far it came."""

    mail: int
    to: str
    is_plus: bool
    state: Literal["waiting", "left", "arrived", "failed"]
    words: str
    detail: str


class Attempts(Told):
    """The mails of one trial."""

    attempts: list[AttemptTold]
    href: str = Field(description="Where to ask again.")


class MailServerTold(Told):
    """A mail server; its secrets are never told."""

    id: int
    href: str
    name: str
    kind: str
    imap_host: str
    imap_port: int
    imap_security: str
    smtp_host: str
    smtp_port: int
    smtp_security: str
    sent_folder: str
    auth_serv_id: str = Field(
        description="The name with which its Authentication-Results begin; empty: it vouches for no sender."
    )
    believes_unnamed_results: bool = Field(
        description="Whether the Authentication-Results that Exchange Online writes without a name count."
    )
    user: str
    sign_in: str
    has_password: bool
    grant: str
    tenant: str
    client_id: str
    has_client_secret: bool
    client_secret_ends_on: date | None
    authorise_url: str
    token_url: str
    scopes: str
    is_authorised: bool
    authorised_at: ToldMoment | None
    authorise_page: str | None = Field(description="Where somebody agrees in the browser; null where nobody has to.")
    is_archived: bool
    state: str
    last_error: str
    failing_since: ToldMoment | None
    last_good_at: ToldMoment | None
    held_at: ToldMoment | None = Field(
        description="On hold since this desk was restored from a backup; null where it is used."
    )


class MailServers(Told):
    """Every mail server."""

    servers: list[MailServerTold]


class MailServerDone(Told):
    """A change of a mail server is done."""

    id: int
    href: str


class MailServerChange(Asked):
    """What has changed about a mail server; what is not named stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"imap_port": 993}]})

    name: Annotated[ShortLine, Field(max_length=120)] = ""
    kind: Kind = "other"
    imap_host: Annotated[Line, Field(max_length=255)] = ""
    imap_port: Port = 993
    imap_security: Security = "tls"
    smtp_host: Annotated[Line, Field(max_length=255)] = ""
    smtp_port: Port = 587
    smtp_security: Security = "starttls"
    sent_folder: Annotated[Line, Field(max_length=255)] = ""
    auth_serv_id: Annotated[Line, Field(max_length=255)] = ""
    believes_unnamed_results: bool = False
    user: Annotated[Line, Field(max_length=320)] = ""
    sign_in: SignIn = "password"
    password: Secret = ""
    grant: Grant = "delegated"
    tenant: Annotated[ShortLine, Field(max_length=120)] = ""
    client_id: Annotated[Line, Field(max_length=255)] = ""
    client_secret: Secret = ""
    client_secret_ends_on: Day | None = None
    authorise_url: Annotated[Line, Field(max_length=500)] = ""
    token_url: Annotated[Line, Field(max_length=500)] = ""
    scopes: Annotated[Line, Field(max_length=1000)] = ""


class MailServerAsked(MailServerChange):
    """A mail server from which mail is fetched, or by which it leaves."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Dovecot", "imap_host": "imap.firma.example", "user": "it@firma.example", "password": "…"}
            ]
        },
    )

    name: Annotated[ShortLine, Field(min_length=1, max_length=120)]
    user: Annotated[Line, Field(min_length=1, max_length=320)]


class ServerFolders(Told):
    """The folders that a mail server has."""

    folders: list[str]
