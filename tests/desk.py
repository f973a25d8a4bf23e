"""A desk for tests: it receives letters, and does what the worker would do."""

from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from itertools import count

from hauspost.doors.worker.loop import work_until_idle
from hauspost.duties.intake.actions import Envelope, keep
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.vitals.actions import Pulse
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets.models import Ticket
from tests import world
from tests.cast import Company, company_at_once

_numbers = count(1)

# The named cast of tests/world.py.
NAMED = {
    one.key
    for one in (
        world.PETRA, world.MARTA, world.MIRA, world.INES, world.YUSUF, world.ANNA, world.JONAS, world.DENIZ,
        world.SABINE, world.LENA, world.PAWEL, world.CLAIRE, world.GIULIA, world.KARIM, world.WOLFGANG,
    )
}  # fmt: skip


@dataclass
class Desk:
    """The company at work."""

    company: Company
    deliveries: list[Delivery] = field(default_factory=list)

    @classmethod
    def opened(cls) -> "Desk":
        """The company with its named cast, and a worker that was seen just now."""
        company = company_at_once(NAMED)
        Pulse("work").beat()
        return cls(company)

    def person(self, name: str) -> Person:
        """One of the named cast: "petra", "anna" …"""
        return self.company.people[key_of(name)]

    def actor(self, name: str) -> Actor:
        """One of the named cast, signed in."""
        return self.company.actor(key_of(name))

    def team(self, key: str) -> Team:
        return self.company.teams[key]

    def address(self, key: str) -> str:
        """A person's or a team's address."""
        if key in self.company.teams:
            return next(team.address for team in world.TEAMS if team.key == key)
        return next(one.address for one in world.EMPLOYEES if one.key == key_of(key))

    def letter(
        self,
        sender: str,
        *,
        to: str = "it",
        subject: str = "Printer stuck",
        text: str = "The printer at gate 3 is stuck.",
        headers: dict[str, str] | None = None,
        message_id: str = "",
    ) -> bytes:
        """A plain letter; `sender` and `to` are keys of the cast or addresses."""
        mail = EmailMessage()
        mail["From"] = self._as_address(sender)
        mail["To"] = self._as_address(to)
        mail["Subject"] = subject
        mail["Message-ID"] = f"<{message_id or f'test-{next(_numbers)}@mail.example'}>"
        for name, value in (headers or {}).items():
            mail[name] = value
        mail.set_content(text)
        return mail.as_bytes()

    def _as_address(self, who: str) -> str:
        if "@" in who:
            return who
        if who in self.company.teams:
            return self.address(who)
        return f'"{self.person(who).name}" <{self.address(who)}>'

    def receives(
        self, raw: bytes, *, to: str = "it", mail_from: str | None = None, work: bool = True, trusted: bool = True
    ) -> Delivery:
        """A letter arrives; unless `work` is False, everything that follows is done."""
        envelope = Envelope(
            raw=raw,
            size_bytes=len(raw),
            mail_from="somebody@mail.example" if mail_from is None else mail_from,
            recipients=(to if "@" in to else self.address(to),),
            via="smtp",
            source="127.0.0.1",
            transaction=f"test-{next(_numbers)}",
            is_trusted_relay=trusted,
            received_at=clock.now(),
        )
        delivery = Delivery.objects.get(id=keep([envelope])[0])
        if work:
            self.works()
        delivery.refresh_from_db()
        self.deliveries.append(delivery)
        return delivery

    def ticket(self, sender: str = "petra", **about: str) -> Ticket:
        """A ticket that came by mail."""
        delivery = self.receives(self.letter(sender, **about), to=about.get("to", "it"))
        assert delivery.ticket is not None, (delivery.disposition, delivery.because, delivery.detail)
        return Ticket.objects.with_names().get(number=delivery.ticket)

    def works(self) -> int:
        """Deliver, react and send until nothing is left to do now."""
        return work_until_idle()

    def later(self, **by: float) -> object:
        """Let the clock stand a while later."""
        return clock.standing_at(clock.now() + timedelta(**by))

    def sent(self, kind: str = "") -> list[OutgoingMail]:
        """What was queued to leave, oldest first."""
        mails = OutgoingMail.objects.order_by("id")
        return list(mails.filter(kind=kind) if kind else mails)


def key_of(name: str) -> str:
    """The cast's key behind a first name."""
    return str(getattr(world, name.upper()).key) if hasattr(world, name.upper()) else name
