"""The desk's public reply on its way to the requester and the participants: one mail, To and Cc in sight."""

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.duties.notices.letters import (
    Desk,
    answers_to,
    desk_of,
    said_of,
    signature_of,
    spoken_to,
    subject_of,
    thread_of,
    ticket_of,
    way_back,
)
from hauspost.ground import clock, tokens
from hauspost.ground.files.actions import read_blob
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import File, Outgoing
from hauspost.ground.mail.letter import bare_subject
from hauspost.ground.text.plain import html_of_text
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from hauspost.records.tickets.refusals import ReachesNobody


def send_reply(event: Event) -> None:
    """Queue a reply; it leaves when its time for undoing is over (P6.4)."""
    ticket = ticket_of(event)
    entry = (
        Entry.objects.select_for_update(of=("self",))
        .select_related("author")
        .get(ticket=ticket, seq=data_of(event)["entry"])
    )
    if entry.taken_back_at is not None or entry.outgoing is not None:
        return
    desk = desk_of(ticket)
    if desk is None:
        raise ReachesNobody(number=ticket.number)
    as_link = bool(entry.evidence.get("files_as_link"))
    inline, files = ([], []) if as_link else _files(entry)
    thread = thread_of(ticket)
    message_id = message_id_for("reply", ticket.number, entry.id, 0, tokens.ring(), settings.HAUSPOST.mail_domain)
    to = [(one["name"], one["address"]) for one in entry.recipients if one["role"] == "to"]
    cc = [(one["name"], one["address"]) for one in entry.recipients if one["role"] != "to"]
    foot = _foot(ticket, entry, desk)
    text, html = _with_file_names(ticket, entry, desk) if as_link else (entry.text.rstrip(), entry.html)
    mail = outbox.queue(
        Outgoing(
            from_=(_sender_name(entry, desk), desk.address),
            to=to or cc,
            cc=cc if to else (),
            subject=subject_of(ticket, f"Re: {bare_subject(ticket.subject)}"),
            text=f"{text}\n\n-- \n{foot}\n" if foot else f"{text}\n",
            html=f"{html}<p>-- <br>{html_of_text(foot).removeprefix('<p>')}" if foot else html,
            inline=inline,
            files=files,
            message_id=message_id,
            date=clock.now(),
            in_reply_to=thread[-1] if thread else "",
            references=thread,
            reply_to=answers_to(desk, ticket, entry.id),
        ),
        kind="reply",
        stream=ticket.stream,
        about=ticket.number,
        entry=entry.id,
        envelope_from=desk.address,
        recipients=[(one["address"], one["person"]) for one in entry.recipients],
        account=desk.account,
        not_before=entry.leaves_at,
    )
    entry.outgoing, entry.message_id = mail.id, message_id
    entry.save(update_fields=["outgoing", "message_id"])


def _foot(ticket: Ticket, entry: Entry, desk: Desk) -> str:
    """The mailbox's signature and where the ticket stands in the browser, below the sign by which mail programs know
    what is no answer's text.
    """
    said = [signature_of(desk, ticket.requester, ticket.team)]
    way = way_back(ticket, [one["person"] for one in entry.recipients])
    if way is not None:
        with spoken_to(ticket.requester, ticket.team, desk.language):
            said.append(said_of(way))
    return "\n\n".join(text for text in said if text)


def _with_file_names(ticket: Ticket, entry: Entry, desk: Desk) -> tuple[str, str]:
    """The reply's words, and which files lie on the ticket's page, to which the link below leads (P36.3)."""
    names = Attachment.objects.filter(entry=entry, blob__isnull=False).order_by("position", "id")
    lines = [f"{name} ({size / 1e6:.1f} MB)" for name, size in names.values_list("name", "size_bytes")]
    with spoken_to(ticket.requester, ticket.team, desk.language):
        told = "\n".join([_("Files on the ticket's page, to download there:"), *lines])
    return f"{entry.text.rstrip()}\n\n{told}", f"{entry.html}{html_of_text(told)}"


def _sender_name(entry: Entry, desk: Desk) -> str:
    """Anna Weiss (IT service), or IT service alone: who writes, and for whom (P31.4)."""
    if entry.author is None or not desk.names_person:
        return desk.name
    return f"{entry.author.name} ({desk.name})"


def _files(entry: Entry) -> tuple[list[File], list[File]]:
    """The files, those that stand in the text apart (P52.1)."""
    inline: list[File] = []
    files: list[File] = []
    rows = Attachment.objects.filter(entry=entry).select_related("blob").order_by("position", "id")
    for row in rows:
        if row.blob is None:
            continue
        stands_inside = row.content_id and f"cid:{row.content_id}" in entry.html
        file = File(row.name, row.content_type, read_blob(row.blob.sha256), row.content_id if stands_inside else "")
        (inline if stands_inside else files).append(file)
    return inline, files
