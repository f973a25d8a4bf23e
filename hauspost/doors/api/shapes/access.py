"""Access for programs as it comes in and goes out: integrations and tokens; a secret goes out once (S12)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from hauspost.doors.api.shapes.common import Asked, Moment, PersonNamed, ShortLine, Told, ToldMoment
from hauspost.records.people.actions import TOKEN_SCOPES

Scope = Literal[TOKEN_SCOPES]  # type: ignore[valid-type]


class TokenAsked(Asked):
    """A new token: what it is for, what it may, and until when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Reports", "scopes": ["tickets:read"], "expires_at": "2027-01-01T00:00:00Z"}]
        },
    )

    name: Annotated[ShortLine, Field(min_length=1, max_length=120)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(TOKEN_SCOPES))] = Field(
        description="None that your own token does not have."
    )
    expires_at: Moment | None = Field(None, description="Not later than your own token; null: until it is revoked.")


class TokenGiven(Told):
    """A new token. It is told this once and kept nowhere."""

    id: int
    href: str
    token: str | None = Field(
        description="Null in an answer that is told again for the same Idempotency-Key.",
        examples=["hp_0123456789abcdef"],
    )
    expires_at: ToldMoment | None


class TokenRow(Told):
    """A token as lists tell it: by its first letters."""

    id: int
    name: str
    begins: str
    scopes: list[str]
    person: PersonNamed = Field(description="Who acts with it.")
    given_by: PersonNamed | None
    created_at: ToldMoment
    expires_at: ToldMoment | None
    last_used_at: ToldMoment | None = Field(description="To the minute.")
    revoked_at: ToldMoment | None


class Tokens(Told):
    """Tokens, the newest first."""

    tokens: list[TokenRow]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class TokenRevoked(Told):
    """A token opens nothing any more."""

    id: int


class IntegrationAsked(Asked):
    """Another program that shall act here."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Monitoring"}]})

    name: Annotated[ShortLine, Field(min_length=1)]


class IntegrationTold(Told):
    """Another program: it acts within its roles, and never signs in."""

    uid: UUID
    href: str
    name: str
    is_active: bool
    roles: dict[str, str] = Field(description="Role by team.", examples=[{"it": "agent"}])
    tokens: int = Field(description="How many open something now.")
    last_used_at: ToldMoment | None


class Integrations(Told):
    """Every integration, by name."""

    integrations: list[IntegrationTold]


class IntegrationDone(Told):
    """An integration is added; it needs a role and a token."""

    uid: UUID
    href: str
