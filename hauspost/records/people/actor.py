"""Who acts, on whose behalf, by which way and with what proof: nobody acts as a bare person."""

from dataclasses import dataclass, field
from enum import StrEnum

from hauspost.ground import hot
from hauspost.records.people.models import Membership, Person

# Asked by every request, and for everybody who is told of something.
_ROLES = hot.Question(
    lambda person: Membership.objects.filter(person=person, team__archived_at__isnull=True).values_list(
        "team_id", "role"
    )
)


class Proof(StrEnum):
    """How sure we are that it is who it says."""

    SESSION = "session"
    LINK = "link"
    TOKEN = "token"
    AUTHENTICATED_MAIL = "authenticated mail"
    TRUSTED_RELAY = "trusted relay"
    NONE = "none"


# What each role may do in its team; the words of the verbs are the rights.
RIGHTS: dict[str, frozenset[str]] = {
    "read_only": frozenset({"read"}),
    "agent": frozenset(
        {
            "read",
            "open",
            "reply",
            "note",
            "assign",
            "hand",
            "catalogue",
            "status",
            "impact",
            "plan",
            "participants",
            "link",
            "tag",
            "requester",
            "release",
        }
    ),
}
RIGHTS["dispatcher"] = RIGHTS["agent"] | {"mailroom"}
RIGHTS["lead"] = RIGHTS["dispatcher"] | {"lead"}


@dataclass(frozen=True)
class Actor:
    """One who acts: `who` is a person, or None for the system, a rule (`name`) or an import."""

    who: Person | None = None
    kind: str = "person"  # person | system | rule | import
    name: str = ""
    on_behalf_of: Person | None = None
    via: str = "web"  # web | mail | api | cli | worker
    proof: Proof = Proof.NONE
    # Asks and follows, whatever desk or right to look this person has otherwise (P11.5).
    is_employee: bool = False
    _roles: dict[int, str] = field(default_factory=dict, compare=False, repr=False)
    _known: list[bool] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def member(cls, person: Person, team_id: int, role: str) -> "Actor":
        """Somebody whose role in a team was just read; no other team's rights are known of this actor."""
        return cls(who=person, _roles={team_id: role} if person.is_active else {}, _known=[True])

    @classmethod
    def as_employee(cls, person: Person, *, proof: Proof = Proof.SESSION) -> "Actor":
        """Somebody who asks or follows, whatever their desk: no team's rights are known of this actor (P11.5)."""
        return cls(who=person, proof=proof, is_employee=True, _known=[True])

    def stamp(self) -> dict[str, str]:
        """What the record keeps of the actor: uids only."""
        stamp = {"who": f"person:{self.who.uid}" if self.who else self.kind, "via": self.via}
        if self.name:
            stamp["name"] = self.name
        if self.on_behalf_of:
            stamp["for"] = f"person:{self.on_behalf_of.uid}"
        if self.proof is not Proof.NONE:
            stamp["proof"] = self.proof.value
        return stamp

    @property
    def is_system(self) -> bool:
        """The system itself, a rule or an import: bound by the code that runs it, not by roles."""
        return self.kind != "person"

    @property
    def is_proven(self) -> bool:
        """Do we know that it is this person?"""
        return self.proof is not Proof.NONE

    def roles(self) -> dict[int, str]:
        """The person's role by team id; read once."""
        if not self._known:
            self._known.append(True)
            if self.who is not None and self.who.is_active:
                self._roles.update(_ROLES.all(self.who))
        return self._roles

    def may(self, right: str, team_id: int) -> bool:
        """Has the person this right in the team?"""
        return self.is_system or right in RIGHTS.get(self.roles().get(team_id, ""), frozenset())

    def teams_with(self, right: str) -> list[int]:
        """The teams in which the person has this right."""
        return [team for team, role in self.roles().items() if right in RIGHTS[role]]

    @property
    def is_agent(self) -> bool:
        """Has the person any desk at all?"""
        return bool(self.roles())

    @property
    def is_administrator(self) -> bool:
        """Does the person maintain the system?"""
        return self.is_system or (self.who is not None and self.who.is_active and self.who.is_administrator)


SYSTEM = Actor(kind="system", via="worker")


def rule(name: str) -> Actor:
    """A rule that acts, with its name for the record (P37.1)."""
    return Actor(kind="rule", name=name, via="worker")
