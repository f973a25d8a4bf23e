"""What all shapes are made of: bounded texts and numbers, moments, names of persons and things."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

# Neither database keeps a NUL (P21.5).
_NO_NUL = r"^[^\x00]*$"
_KEY = r"^[-a-zA-Z0-9_]{1,60}$"
_UID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")

# The bounds of a number in both databases; strict in bodies: 1 is a number, "1" and true are none.
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Whole = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)]
Yes = Annotated[bool, Field(strict=True)]
Key = Annotated[str, StringConstraints(pattern=_KEY)]
Uid = Annotated[str, StringConstraints(pattern=_UID)]
Line = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
ShortLine = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=500_000, pattern=_NO_NUL)]
# A person by uid, or by an address.
Who = Annotated[
    str,
    StringConstraints(min_length=3, max_length=320, pattern=_NO_NUL),
    Field(description="A person's uid, or one of their mail addresses.", examples=["petra.lang@lindner.example"]),
]


def _moment(given: Any) -> datetime:
    if not isinstance(given, str) or not _RFC_3339.fullmatch(given):
        raise ValueError("moment")
    moment = datetime.fromisoformat(given.upper())
    # Wide enough for every desk, and far from the ends of the calendar, where time zones leave it.
    if not 1990 <= moment.year <= 2200:
        raise ValueError("moment")
    return moment.astimezone(UTC)


def told_moment(moment: datetime) -> str:
    """A moment as the API and the record write it: UTC, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339 with a zone, from 1990 to 2200.",
            "examples": ["2026-11-24T14:00:00+01:00"],
        }
    ),
]
ToldMoment = Annotated[
    datetime, PlainSerializer(told_moment, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


def _day(given: Any) -> date:
    if not isinstance(given, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", given):
        raise ValueError("day")
    day = date.fromisoformat(given)
    if not 1990 <= day.year <= 2200:
        raise ValueError("day")
    return day


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(
        {"type": "string", "format": "date", "description": "From 1990 to 2200.", "examples": ["2026-12-21"]}
    ),
]


class Asked(Schema):
    """Something that comes in: what it does not name is refused, never ignored (S17)."""

    model_config = ConfigDict(extra="forbid")


class Told(Schema):
    """Something that goes out."""

    model_config = ConfigDict(extra="forbid")


class Named(Told):
    """A thing of the company: its stable key, and its name in your language."""

    key: str = Field(examples=["it"])
    name: str = Field(examples=["IT"])


class PersonNamed(Told):
    """A person, by uid and name."""

    uid: UUID
    name: str = Field(examples=["Petra Lang"])


class FieldError(Told):
    """What is wrong with one field."""

    field: str = Field(examples=["subject"])
    reason: str = Field(examples=["is missing"])


class Problem(Told):
    """A refusal (RFC 9457): `code` never changes, `detail` says what to do, in your language."""

    type: str = Field(examples=["https://help.firma.example/api/v1/docs#not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is nothing here that you may see."])
    code: str = Field(examples=["not-found"])
    errors: list[FieldError] | None = None
    # Two changes that met: by field what it was based on, what it is, and what was wanted.
    conflicts: dict[str, Any] | None = Field(None, description="Which fields others have changed: now, and wanted.")
