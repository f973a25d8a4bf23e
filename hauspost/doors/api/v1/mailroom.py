"""The mail room: what happened to every mail that came, and what waits to leave."""

from django.db.models import Prefetch
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Path, Query
from pydantic import Field

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import administrator
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Day, Number, ShortLine
from hauspost.doors.api.shapes.mail import (
    DeliveryDone,
    DeliveryPage,
    DeliveryTold,
    OutgoingDone,
    OutgoingPage,
    OutgoingRecipientTold,
    OutgoingTold,
    RetriedTold,
)
from hauspost.doors.api.shapes.tickets import TicketDone
from hauspost.doors.api.telling import ticket_done
from hauspost.doors.ui.serving import serve_file
from hauspost.duties.intake import actions, ledger
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.reading import open_source
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.refusals import NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.knowing import seen_at_desk
from hauspost.records.tickets.models import Ticket

routes = Routes("Mail room")


class DeliveryFilter(Paged):
    """What the ledger may be asked for."""

    sender: ShortLine = Field("", description="An address, or a part of one.")
    on: Day | None = None
    disposition: ShortLine = Field("", examples=["quarantine"])
    words: ShortLine = Field("", description="In the subject or the recipient.")


@routes.get("/mail/deliveries", scope="mail:read", gives=DeliveryPage)
def list_deliveries(request: HttpRequest, asked: Query[DeliveryFilter]) -> DeliveryPage:
    """What happened to the mail from somebody, on a day, …

    Every accepted mail, the newest first, with its one disposition. For dispatchers and team leads the mail of their
    teams, for administrators all but that of confidential teams.
    """
    actor = _mailroom_actor(request)
    rows = ledger.entries(
        actor=actor,
        sender=asked.sender,
        on=asked.on,
        disposition=asked.disposition,
        words=asked.words,
        before=before_of(asked.cursor) or None,
        limit=asked.limit + 1,
    )
    limit = asked.limit
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return DeliveryPage(deliveries=_told(rows[:limit], actor), next=following)


@routes.post("/mail/deliveries/retry", scope="mail:write", gives=RetriedTold, status=200)
def retry_all_deliveries(request: HttpRequest) -> RetriedTold:
    """Let everything in the quarantine go its way again

    After an upgrade, for example. At most 1,000 mails.
    """
    return RetriedTold(count=actions.retry_all(actor=_mailroom_actor(request)))


@routes.get("/mail/deliveries/{delivery}", scope="mail:read", gives=DeliveryTold)
def read_delivery(request: HttpRequest, delivery: Path[Number]) -> DeliveryTold:
    """Read one delivery"""
    actor = _mailroom_actor(request)
    return _told([_delivery(delivery, actor)], actor)[0]


@routes.get("/mail/deliveries/{delivery}/original", scope="mail:read", bytes_as="message/rfc822")
def read_delivered_mail(request: HttpRequest, delivery: Path[Number]) -> HttpResponseBase:
    """Read the mail of a delivery, byte for byte"""
    row = _delivery(delivery, _mailroom_actor(request))
    return serve_file(open_source(row), f"mail-{delivery}.eml", "message/rfc822")


@routes.post("/mail/deliveries/{delivery}/retry", scope="mail:write", gives=DeliveryDone, status=200)
def retry_delivery(request: HttpRequest, delivery: Path[Number]) -> DeliveryDone:
    """Let a mail that was set aside go its way again"""
    actor = _mailroom_actor(request)
    actions.retry(_delivery(delivery, actor).id, actor=actor)
    return _done(delivery)


@routes.post("/mail/deliveries/{delivery}/acceptance", scope="mail:write", gives=DeliveryDone, status=200)
def accept_delivery(request: HttpRequest, delivery: Path[Number]) -> DeliveryDone:
    """Let in a mail that waits to be checked, or was taken for spam

    It goes its way as if its sender had been welcome.
    """
    actor = _mailroom_actor(request)
    actions.accept(_delivery(delivery, actor).id, actor=actor)
    return _done(delivery)


@routes.post("/mail/deliveries/{delivery}/spam", scope="mail:write", gives=DeliveryDone, status=200)
def mark_delivery_as_spam(request: HttpRequest, delivery: Path[Number]) -> DeliveryDone:
    """Say that a mail that was set aside is spam"""
    actor = _mailroom_actor(request)
    actions.mark_as_spam(_delivery(delivery, actor).id, actor=actor)
    return _done(delivery)


@routes.post("/mail/deliveries/{delivery}/discarding", scope="mail:write", gives=DeliveryDone, status=200)
def discard_delivery(request: HttpRequest, delivery: Path[Number]) -> DeliveryDone:
    """Say that a mail that was set aside needs nothing

    It stays in the ledger.
    """
    actor = _mailroom_actor(request)
    actions.discard(_delivery(delivery, actor).id, actor=actor)
    return _done(delivery)


@routes.post("/mail/deliveries/{delivery}/ticket", scope="mail:write", gives=TicketDone)
def file_delivery(request: HttpRequest, delivery: Path[Number]) -> TicketDone:
    """Make a ticket of a mail that was set aside"""
    actor = _mailroom_actor(request)
    return ticket_done(actions.make_ticket(_delivery(delivery, actor).id, actor=actor))


@routes.get("/mail/outgoing", scope="mail:read", gives=OutgoingPage)
def list_outgoing(request: HttpRequest, asked: Query[Paged]) -> OutgoingPage:
    """List the mail that waits to leave or failed, the newest first

    Administrators only. Of a mail about a confidential team's ticket only that it waits.
    """
    actor, limit = administrator(request), asked.limit
    mails = OutgoingMail.objects.waiting() | OutgoingMail.objects.in_trouble()
    if asked.cursor is not None:
        mails = mails.filter(id__lt=before_of(asked.cursor))
    recipients = Prefetch("recipients", OutgoingRecipient.objects.order_by("id"))
    rows = list(mails.defer("raw").prefetch_related(recipients).order_by("-id")[: limit + 1])
    about = {row.about for row in rows if row.about}
    own = set(seen_at_desk(about, actor))
    secret = set(
        Ticket.objects.filter(number__in=about - own, team__is_confidential=True).values_list("number", flat=True)
    )
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return OutgoingPage(mails=[_outgoing(row, own, secret) for row in rows[:limit]], next=following)


@routes.post("/mail/outgoing/retry", scope="mail:write", gives=RetriedTold, status=200)
def retry_all_outgoing(request: HttpRequest) -> RetriedTold:
    """Try to send every mail that waits or failed again now

    Administrators only.
    """
    administrator(request)
    return RetriedTold(count=outbox.retry_all())


@routes.post("/mail/outgoing/{mail}/retry", scope="mail:write", gives=OutgoingDone, status=200)
def retry_outgoing(request: HttpRequest, mail: Path[Number]) -> OutgoingDone:
    """Try to send a mail again now

    Administrators only.
    """
    administrator(request)
    if not outbox.retry_now(mail):
        raise NotFound
    return OutgoingDone(id=mail)


def _mailroom_actor(request: HttpRequest) -> Actor:
    """Whoever looks after the mail; to others there is no such thing. Raises NotFound."""
    actor = known_caller(request).actor
    if not actions.may_see_mailroom(actor):
        raise NotFound
    return actor


def _delivery(delivery: int, actor: Actor) -> Delivery:
    found = ledger.one(delivery, actor=actor)
    if found is None:
        raise NotFound
    return found


def _told(rows: list[Delivery], actor: Actor) -> list[DeliveryTold]:
    seen = seen_at_desk({row.ticket for row in rows if row.ticket}, actor)
    return [
        DeliveryTold(
            id=row.id,
            href=address_of(f"mail/deliveries/{row.id}"),
            received_at=row.received_at,
            via=row.via,
            sender=row.sender or row.mail_from,
            recipient=row.recipient,
            subject=row.subject,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            disposition=row.disposition,
            disposed_at=row.disposed_at,
            because=row.because,
            detail=row.detail,
            ticket=row.ticket if row.ticket in seen else None,
        )
        for row in rows
    ]


def _outgoing(row: OutgoingMail, own: set[int], secret: set[int]) -> OutgoingTold:
    is_secret = row.about in secret
    recipients = [
        OutgoingRecipientTold(
            address=one.address, state=one.state, reply_code=one.reply_code, reply_text=one.reply_text
        )
        for one in row.recipients.all()
    ]
    return OutgoingTold(
        id=row.pk,
        kind=row.kind,
        state=row.state,
        created_at=row.created_at,
        next_try_at=row.next_try_at,
        tries=row.tries,
        perhaps_twice=row.perhaps_twice,
        ticket=row.about if row.about in own else None,
        recipients=None if is_secret else recipients,
        last_error=None if is_secret else row.last_error,
    )


def _done(delivery: int) -> DeliveryDone:
    return DeliveryDone(id=delivery, href=address_of(f"mail/deliveries/{delivery}"))
