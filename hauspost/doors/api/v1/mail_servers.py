"""Mail servers for programs of administrators: secrets go in, and never out (S21)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Path

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.finding import administrator, own_address
from hauspost.doors.api.refusals import OtherServerTrouble
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.mailboxes import (
    Findings,
    FindingTold,
    MailServerAsked,
    MailServerChange,
    MailServerDone,
    MailServers,
    MailServerTold,
    ServerFolders,
)
from hauspost.duties.intake import folders
from hauspost.duties.intake.models import FetchedFolder
from hauspost.duties.intake.trying import permitted_addresses
from hauspost.ground.accounts.checking import check_imap, check_smtp, folders_of
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountTrouble
from hauspost.ground.refusals import NotFound
from hauspost.records.people import actions
from hauspost.records.people.models import Mailbox

routes = Routes("Mail servers")


@routes.get("/mail-servers", scope="mail:read", gives=MailServers)
def list_mail_servers(request: HttpRequest) -> MailServers:
    """List the mail servers, with their state

    Administrators only, like everything here. Secrets are never told.
    """
    administrator(request)
    return MailServers(servers=[_told(row) for row in MailAccount.objects.order_by("id")])


@routes.post("/mail-servers", scope="mail:write", gives=MailServerDone)
def add_mail_server(request: HttpRequest, asked: MailServerAsked) -> MailServerDone:
    """Add a mail server from which mail is fetched, or by which it leaves"""
    made = actions.add_mail_account(actor=administrator(request), **_sent(asked))
    return _done(made)


@routes.get("/mail-servers/{server}", scope="mail:read", gives=MailServerTold)
def read_mail_server(request: HttpRequest, server: Path[Number]) -> MailServerTold:
    """Read one mail server"""
    administrator(request)
    return _told(_server(server))


@routes.patch("/mail-servers/{server}", scope="mail:write", gives=MailServerDone)
def change_mail_server(request: HttpRequest, server: Path[Number], asked: MailServerChange) -> MailServerDone:
    """Say what has changed about a mail server

    With another host, the password has to be given again. All administrators are told by mail.
    """
    actor = administrator(request)
    return _done(actions.change_mail_account(_server(server, in_use=True), actor=actor, **_sent(asked)))


@routes.post("/mail-servers/{server}/archiving", scope="mail:write", gives=MailServerDone, status=200)
def archive_mail_server(request: HttpRequest, server: Path[Number]) -> MailServerDone:
    """Archive a mail server that no mailbox uses

    Its secrets are forgotten at once.
    """
    actor, account = administrator(request), _server(server)
    folders.retire_account(account, actor=actor)
    return _done(account)


@routes.post("/mail-servers/{server}/resumption", scope="mail:write", gives=MailServerDone, status=200)
def resume_mail_server(request: HttpRequest, server: Path[Number]) -> MailServerDone:
    """Let a restored desk use a mail server again

    `held_at` tells since when nothing is fetched or sent, no authorisation is renewed. Only where the desk that it was
    copied from is no longer at work. Its folders are resumed one by one.
    """
    actor, account = administrator(request), _server(server, in_use=True)
    actions.resume_mail_account(account, actor=actor)
    return _done(account)


@routes.get("/mail-servers/{server}/folders", scope="mail:read", gives=ServerFolders, also=(409,))
def list_server_folders(request: HttpRequest, server: Path[Number]) -> ServerFolders:
    """Sign in at a mail server and list its folders"""
    administrator(request)
    try:
        return ServerFolders(folders=folders_of(_server(server, in_use=True)))
    except AccountTrouble as trouble:
        raise OtherServerTrouble(said=str(trouble)) from trouble


@routes.post("/mail-servers/{server}/receiving-test", scope="mail:write", gives=Findings, status=200)
def test_server_receiving(request: HttpRequest, server: Path[Number]) -> Findings:
    """Sign in and look into the folders that are fetched, else the INBOX

    All is left as it is.
    """
    administrator(request)
    account = _server(server, in_use=True)
    rows = FetchedFolder.objects.filter(account=account).order_by("id").values_list("folder", flat=True)
    found = [(name, check_imap(account, name)) for name in list(rows) or ["INBOX"]]
    return Findings(
        findings=[FindingTold(about=name, ok=one.ok, words=one.words, detail=one.detail) for name, one in found]
    )


@routes.post("/mail-servers/{server}/sending-test", scope="mail:write", gives=Findings, status=200)
def test_server_sending(request: HttpRequest, server: Path[Number]) -> Findings:
    """Mail you something from each address that sends by a server, and tell what it answers"""
    actor, account = administrator(request), _server(server, in_use=True)
    to = own_address(actor)
    boxes = Mailbox.objects.filter(sends_by=account, archived_at__isnull=True).select_related("address")
    senders = [one for box in boxes.order_by("address__address") for one in permitted_addresses(box)]
    found = check_smtp(account, senders or [account.user], to)
    return Findings(findings=[FindingTold(about="", ok=one.ok, words=one.words, detail=one.detail) for one in found])


def _server(server: int, *, in_use: bool = False) -> MailAccount:
    rows = MailAccount.objects.active() if in_use else MailAccount.objects.all()
    found = rows.filter(pk=server).first()
    if found is None:
        raise NotFound
    return found


def _sent(asked: MailServerChange) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in asked.model_fields_set}


def _done(account: MailAccount) -> MailServerDone:
    return MailServerDone(id=account.pk, href=address_of(f"mail-servers/{account.pk}"))


_PLAIN = (
    "name", "kind", "imap_host", "imap_port", "imap_security", "smtp_host", "smtp_port", "smtp_security",
    "sent_folder", "auth_serv_id", "believes_unnamed_results", "user", "sign_in", "grant", "tenant", "client_id",
    "client_secret_ends_on", "authorise_url", "token_url", "scopes", "is_authorised", "authorised_at", "state",
    "last_error", "failing_since", "last_good_at", "held_at",
)  # fmt: skip


def _told(row: MailAccount) -> MailServerTold:
    by_browser = row.sign_in == MailAccount.SignIn.OAUTH and row.grant == MailAccount.Grant.DELEGATED
    page = f"{settings.HAUSPOST.public_url.rstrip('/')}/desk/settings/mail-servers/{row.pk}/authorisation"
    return MailServerTold(
        id=row.pk,
        href=address_of(f"mail-servers/{row.pk}"),
        has_password=bool(row.password_sealed),
        has_client_secret=bool(row.client_secret_sealed),
        is_archived=row.archived_at is not None,
        authorise_page=page if by_browser and row.archived_at is None else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )
