"""Lives the plans of the demo's year: every step through the verbs and the mail's own door, at its own moment."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.test.utils import override_settings

from hauspost.duties.intake.actions import Envelope, deliver_next, keep
from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices.actions import mark_read
from hauspost.duties.reactions.running import react_next
from hauspost.ground import clock, tokens
from hauspost.ground.history.sealing import seal
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import verp
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Level, Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests import demo_calendar, demo_mails, world
from tests.cast import Company
from tests.demo_calendar import HEADQUARTERS
from tests.demo_files import CONTENT_TYPES, content_of
from tests.demo_plans import Act, Plan
from tests.world import Attachment, Employee, Outsider, Step

LEVELS = {"low": Level.LOW, "medium": Level.MEDIUM, "high": Level.HIGH}
# Older letters were received, read and thrown away; these still lie in the demo's mailbox.
MAILBOX_KEEPS = timedelta(days=14)
# How much the worker takes at a time.
AT_ONCE = 50
# Today's tickets that sleep until their day: by story, for how long after their last step.
SNOOZED = {"new-line-provider": timedelta(days=2), "copier-service-visit": timedelta(days=1)}


def mailbox(folder: Path) -> outbox.Courier:
    """Takes the desk's letters into a Maildir."""
    with override_settings(HAUSPOST=replace(settings.HAUSPOST, outgoing_host="", outgoing_maildir=folder)):
        courier = outbox.connection_pool()
    assert courier is not None
    return courier


class Life:
    """One ticket on its way through its plan: its number, and who has it now."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.number = 0
        self.team = plan.story.team
        self.agent: Employee = world.dispatcher_of(plan.story.team)
        self.participant: Employee | None = None
        self.message_id = f"<demo.{plan.number}.{plan.story.key}@mail.{world.DOMAIN}>"
        self.dice = random.Random(f"{plan.story.key} {plan.number}")

    def agents(self) -> Sequence[Employee]:
        """Who does the work in the team that has it now."""
        members = next(team for team in world.TEAMS if team.key == self.team).members
        working = [one for one in members if one.role == "agent" or (one.role == "lead" and one.technician)]
        return [world.person(one.person) for one in working]

    def technicians(self) -> Sequence[str]:
        """Who of that team goes on site."""
        return [
            member.person
            for team in world.TEAMS
            if team.key == self.team
            for member in team.members
            if member.technician
        ]

    def somebody(self) -> Employee:
        """The agent whom a dispatcher would choose: mostly one of the requester's site."""
        pool = self.agents()
        near = [one for one in pool if one.site == self.plan.requester.site]
        return self.dice.choice(near if near and self.dice.random() < 0.8 else pool)


class DemoDesk:
    """The company at work over a year, with the clock standing at each moment."""

    def __init__(self, company: Company, today: datetime, wastepaper: Path) -> None:
        """Letters that nobody keeps any more go to the folder `wastepaper`."""
        self.company, self.today = company, today
        # Only local mailboxes are ever written to: the demo's people have no mail server.
        self._old_letters = mailbox(wastepaper)
        self._letters_kept = mailbox(settings.HAUSPOST.outgoing_maildir or wastepaper)
        self._actors: dict[str, Actor] = {}
        self._envelopes = 0
        self._letters: Counter[int] = Counter()
        self._last_request: tuple[bytes, str] | None = None

    # --- what a story's people do ---

    def open(self, life: Life) -> None:
        """The ticket comes: by mail, through the portal, or by a call that the dispatcher notes."""
        plan, story = life.plan, life.plan.story
        subject, text = (plan.words(one, life.agent) for one in plan.opening)
        if story.channel == "mail":
            address = self._address_of(story.team)
            at = clock.now() - timedelta(seconds=20)
            raw = demo_mails.letter(
                plan.requester, address, subject, text, message_id=life.message_id, at=at, files=story.attachments
            )
            delivery = self.receive(raw, plan.requester.address, address)
            assert delivery.ticket is not None, (story.key, delivery.disposition, delivery.because, delivery.detail)
            life.number = delivery.ticket
            self._last_request = raw, address
            return
        by_phone = story.channel == "phone"
        affected = story.affected if by_phone else None
        new = tickets.NewTicket(
            subject=subject,
            requester=self.person(plan.requester.key),
            team=self.company.teams[story.team],
            channel=story.channel,
            category=self.company.categories[story.category],
            location=self.company.locations[story.location] if story.location else None,
            impact_people=affected.people if affected else None,
            impact_percent=affected.percent if affected else None,
            impact_from=self._since(life, affected.hours) if affected else None,
            as_note=by_phone,
        )
        actor = self.actor(world.dispatcher_of(story.team).key if by_phone else plan.requester.key)
        writing = Writing(text=text, files=_files(story.attachments), channel=story.channel)
        life.number = tickets.open_ticket(new, writing, actor=actor).number

    def play(self, life: Life, act: Act) -> None:
        """One step of the story."""
        step = act.step
        if step.by in ("requester", "participant") and step.do in ("reply", "reopen"):
            return self._answer(life, step)
        doer = self._doer(life, step)
        actor, text = self.actor(doer.key), life.plan.words(step.text, life.agent)
        number = life.number
        if actor.who is not None:
            # Whoever works on a ticket has it open, and has read what was told of it.
            mark_read(actor.who, number)
        writing = Writing(text=text, files=_files(step.attachments), channel="portal")
        match step.do:
            case "reply" | "resolve":
                kind = "resolved" if step.do == "resolve" else act.status
                tickets.reply(number, writing, actor=actor, status=status_of(kind) if kind else None)
                if step.do == "resolve":
                    self._end_impact(life, actor)
            case "note":
                tickets.note(number, writing, actor=actor)
            case "assign":
                self._assign(life, step, actor)
            case "hand_to":
                if text:
                    tickets.note(number, writing, actor=actor)
                tickets.hand_to(number, self.company.teams[step.team], actor=actor)
                life.team, life.agent = step.team, world.dispatcher_of(step.team)
            case "catalogue":
                self._catalogue(life, step, actor)
            case "status" | "close":
                if text:
                    tickets.note(number, writing, actor=actor)
                tickets.set_status(number, status_of(step.status or "closed"), actor=actor)
            case "impact" if step.affected is not None:
                since = Ticket.objects.values_list("impact_from", flat=True).get(number=number)
                tickets.set_impact(
                    number,
                    actor=actor,
                    people=step.affected.people,
                    percent=step.affected.percent,
                    since=since or clock.now() - timedelta(hours=step.affected.hours),
                )
            case "plan_visit":
                if text:
                    tickets.note(number, writing, actor=actor)
                self._plan_visit(life, step, actor)
            case "participant":
                self._ask(life, step, actor, writing)
            case "tag":
                tickets.tag(number, step.tag, actor=actor)
            case "reopen":
                tickets.reopen(number, actor=actor)
                tickets.note(number, writing, actor=actor)
            case unknown:
                raise AssertionError(f"{life.plan.story.key}: nobody knows how to {unknown}")

    def snooze(self, life: Life) -> None:
        """Whoever has it sees it again on its day."""
        until = demo_calendar.later(clock.now(), SNOOZED[life.plan.story.key], HEADQUARTERS, life.dice)
        until = max(until, demo_calendar.in_office_hours(self.today + timedelta(hours=12), HEADQUARTERS, life.dice))
        tickets.snooze(life.number, until, actor=self.actor(life.agent.key))

    def settle(self, life: Life) -> None:
        """A thank-you has opened the ticket again, as every answer does: nothing is left to do."""
        tickets.set_status(life.number, status_of("resolved"), actor=self.actor(life.agent.key))

    def _doer(self, life: Life, step: Step) -> Employee:
        if step.by == "dispatcher":
            return world.dispatcher_of(life.team)
        if step.by == "colleague":
            others = [one for one in life.agents() if one != life.agent]
            return life.dice.choice(others or [world.dispatcher_of(life.team)])
        if step.by == "requester":
            return life.plan.requester
        return life.agent

    def _assign(self, life: Life, step: Step, actor: Actor) -> None:
        if step.to == "self":
            life.agent = self._doer(life, step)
        else:
            life.agent = life.somebody() if step.to == "agent" else world.person(step.to)
        tickets.assign(life.number, self.person(life.agent.key), actor=actor)

    def _catalogue(self, life: Life, step: Step, actor: Actor) -> None:
        """What the dispatcher says about a ticket; with it, who cannot work, where the story tells."""
        story, keep_it = life.plan.story, tickets.handling.KEEP
        location = self.company.locations[story.location] if story.location else None
        tickets.catalogue(
            life.number,
            actor=actor,
            category=self.company.categories[step.category] if step.category else keep_it,
            type=step.type or keep_it,
            impact=LEVELS[step.impact] if step.impact else keep_it,
            urgency=LEVELS[step.urgency] if step.urgency else keep_it,
            site=location.site if location else keep_it,
            location=location or keep_it,
        )
        if story.affected and story.channel != "phone" and life.team == story.team:
            tickets.set_impact(
                life.number,
                actor=actor,
                people=story.affected.people,
                percent=story.affected.percent,
                since=self._since(life, story.affected.hours),
            )

    def _since(self, life: Life, hours: float) -> datetime:
        """Since when it hampers: what is of today lasts until now, what is past began shortly before it was told."""
        shortly_before = life.plan.moments[0] - timedelta(minutes=10)
        return min(self.today - timedelta(hours=hours), shortly_before) if life.plan.is_of_today else shortly_before

    def _end_impact(self, life: Life, actor: Actor) -> None:
        """What is solved hampers nobody any more."""
        story, ticket = life.plan.story, Ticket.objects.get(number=life.number)
        if ticket.impact_from is None or ticket.impact_to is not None:
            return
        hours = story.affected.hours if story.affected else 1.0
        tickets.set_impact(ticket, actor=actor, until=min(ticket.impact_from + timedelta(hours=hours), clock.now()))

    def _plan_visit(self, life: Life, step: Step, actor: Actor) -> None:
        at_site, skilled = life.plan.requester.site, life.technicians()
        who = step.to or (life.agent.key if life.agent.key in skilled else skilled[0])
        at = demo_calendar.later(clock.now(), step.begins_after, at_site, life.dice)
        if life.plan.is_of_today and life.plan.story.outcome == "planned" and at <= self.today:
            at = demo_calendar.later(self.today, step.begins_after / 2, at_site, life.dice)
        # Visits are agreed for the quarter of an hour.
        at -= timedelta(minutes=at.minute % 15 - 15, seconds=at.second, microseconds=at.microsecond)
        tickets.plan(life.number, technician=self.person(who), planned_at=at, work_place="on_site", actor=actor)

    def _ask(self, life: Life, step: Step, actor: Actor, writing: Writing) -> None:
        """Let somebody join, and ask them alone."""
        requester = life.plan.requester
        key = {"manager": requester.manager, "colleague": life.plan.colleague.key}.get(step.to, step.to)
        assert key is not None
        life.participant = world.person(key)
        tickets.add_participant(life.number, self.person(key), actor=actor)
        tickets.reply(life.number, writing, actor=actor, to=[life.participant.address])

    def _answer(self, life: Life, step: Step) -> None:
        """The requester's side writes: by mail in the thread, or in the portal where that was their way."""
        plan = life.plan
        writer = plan.requester if step.by == "requester" else life.participant
        assert writer is not None
        text = plan.words(step.text, life.agent)
        raw = self._desks_letter(life.number, writer.address)
        in_portal = step.by == "requester" and plan.story.channel == "portal" and not step.quote and not step.automatic
        if in_portal or raw is None:
            writing = Writing(text=text, files=_files(step.attachments), channel="portal")
            tickets.add_answer(life.number, writing, author=self.person(writer.key), actor=self.actor(writer.key))
            return
        self._letters[life.number] += 1
        answered = demo_mails.read_answered(raw)
        mail = demo_mails.answer(
            writer,
            answered,
            text,
            message_id=life.message_id.replace("<demo.", f"<demo.{self._letters[life.number]}."),
            at=clock.now() - timedelta(seconds=15),
            quote=step.quote,
            automatic=step.automatic,
            files=step.attachments,
        )
        delivery = self.receive(mail, writer.address, answered.reply_to)
        assert delivery.ticket == life.number, (plan.story.key, delivery.disposition, delivery.because)

    def _desks_letter(self, number: int, address: str) -> bytes | None:
        """The last letter about the ticket in somebody's mailbox."""
        kinds = (OutgoingMail.Kind.REPLY, OutgoingMail.Kind.ACKNOWLEDGEMENT)
        mails = OutgoingMail.objects.filter(about=number, kind__in=kinds, recipients__address=address)
        mail = mails.exclude(state=OutgoingMail.State.CANCELLED).order_by("-id").first()
        return mail.letter() if mail is not None else None

    # --- the mail room's odd ones ---

    def receive_absence(self, writer: Outsider) -> None:
        """A machine answers something that nobody here has written."""
        to = self._address_of("it")
        raw = demo_mails.absence(writer, to, message_id=self._odd_id("absence"), at=clock.now())
        self.receive(raw, "", to)

    def receive_spam(self, writer: Outsider) -> None:
        """The server in front has marked it."""
        to = self._address_of("it")
        raw = demo_mails.spam(writer, to, message_id=self._odd_id("spam"), at=clock.now())
        self.receive(raw, writer.address, to)

    def receive_broken(self, writer: Outsider) -> None:
        """Nobody can take it apart: quarantine."""
        to = self._address_of("it")
        raw = demo_mails.broken(writer, to, message_id=self._odd_id("broken"), at=clock.now())
        self.receive(raw, writer.address, to)

    def receive_duplicate(self) -> None:
        """A mail server was unsure whether it had delivered, and brings the last request once more."""
        if self._last_request is not None:
            raw, to = self._last_request
            self.receive(raw, "", to)

    def receive_bounce(self, status: str, words: str) -> None:
        """A notice comes back: its agent's mailbox is full, or gone."""
        mail = OutgoingMail.objects.filter(kind=OutgoingMail.Kind.NOTICE).order_by("-id").first()
        if mail is not None:
            path = verp(mail.envelope_from, mail.pk, tokens.ring())
            recipient = mail.recipients.all()[0].address
            raw = demo_mails.bounce(
                mail.letter(), recipient, path, status, words, message_id=self._odd_id("bounce"), at=clock.now()
            )
            self.receive(raw, "", path)

    def _odd_id(self, kind: str) -> str:
        return f"<demo.{kind}.{self._envelopes}@elsewhere.example>"

    # --- what goes on by itself ---

    def receive(self, raw: bytes, mail_from: str, recipient: str) -> Delivery:
        """A mail comes through the real door."""
        self._envelopes += 1
        envelope = Envelope(
            raw=raw,
            size_bytes=len(raw),
            mail_from=mail_from,
            recipients=(recipient,),
            via="smtp",
            source="127.0.0.1",
            transaction=f"demo-{self._envelopes:05}",
            is_trusted_relay=True,
            received_at=clock.now(),
        )
        [number] = keep([envelope])
        deliver_next()
        return Delivery.objects.get(id=number)

    def work(self) -> None:
        """React and send until nothing is left to do at this moment."""
        courier = self._letters_kept if clock.now() > self.today - MAILBOX_KEEPS else self._old_letters
        while react_next(AT_ONCE) + outbox.send_due(courier, limit=AT_ONCE):
            pass

    def read_notices(self) -> None:
        """Everybody at a desk has seen what was told until now."""
        for team in world.TEAMS:
            for member in team.members:
                mark_read(self.person(member.person))

    def seal(self) -> None:
        """The record is sealed, into a file too."""
        folder: Path = settings.HAUSPOST.data / "seals"
        seal(folder)

    def person(self, key: str) -> Person:
        """The employee in the database."""
        return self.company.people[key]

    def actor(self, key: str) -> Actor:
        """The employee, signed in."""
        if key not in self._actors:
            self._actors[key] = self.company.actor(key)
        return self._actors[key]

    def _address_of(self, team: str) -> str:
        return next(one.address for one in world.TEAMS if one.key == team)


def _files(attachments: Sequence[Attachment]) -> list[NewFile]:
    return [NewFile(one.name, CONTENT_TYPES[one.kind], content_of(one)) for one in attachments]
