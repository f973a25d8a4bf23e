"""Who may do what, as it goes out."""

from pydantic import Field

from hauspost.doors.api.shapes.common import PersonNamed, Told


class RoleWithRights(Told):
    """A role in a team, and what it lets somebody do there."""

    key: str = Field(examples=["agent"])
    name: str
    rights: list[str] = Field(examples=[["note", "read", "reply"]])


class Roles(Told):
    """Every role, from the least rights to the most."""

    roles: list[RoleWithRights]


class MemberTold(Told):
    """Somebody with a role in a team."""

    person: PersonNamed
    address: str | None = Field(description="The main one.")
    role: str
    is_technician: bool


class Members(Told):
    """Who has a role in a team, by name."""

    members: list[MemberTold]


class SightTold(Told):
    """Whether somebody sees a ticket."""

    number: int
    sees: bool
    seen_as: str | None = Field(description="agent, helper, sharing, requester, participant, department, auditor, …")
    sees_notes: bool
