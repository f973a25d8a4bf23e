"""The lists of the settings as rows for a file, after a row of headings; for whom they are, exporting.py says (S5)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from hauspost.doors.desk.settings import backups as keeping
from hauspost.doors.desk.settings import categories as catalogue
from hauspost.doors.desk.settings import emergency, retention
from hauspost.doors.desk.settings import places as sites
from hauspost.doors.desk.settings import roles as rights
from hauspost.doors.desk.settings.finding import Asked, matching, page_of
from hauspost.doors.desk.settings.people import row_of
from hauspost.doors.ui import tokens
from hauspost.duties.intake.mailbox_states import states
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.privacy import holds as legal
from hauspost.duties.privacy.models import RetentionRule
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import AccessToken, Department, Membership, Named, Person, Team
from hauspost.records.places.models import Site

Rows = Iterator[list[object]]
Sent = Mapping[str, str]
N = TypeVar("N", bound=Named)


def local(moment: datetime | None) -> datetime | None:
    """As the reader's clock shows it; spreadsheets know no zones."""
    return timezone.make_naive(moment) if moment is not None else None


def yes(on: object) -> str:
    """A mark that is easy to filter by: yes, or nothing."""
    return _("yes") if on else ""


def people(actor: Actor, sent: Sent) -> Rows:
    """The persons that the list's filters find."""
    yield [
        _("Name"), _("Address"), _("Department"), _("Site"), _("Phone"), _("Key in another system"), _("Roles"),
        _("Rights"), _("deactivated"),
    ]  # fmt: skip
    asked, after = Asked.of(sent), ""
    while True:
        found = page_of(matching(asked, actor), after)
        for person in found.rows:
            yield _person(person)
        if not found.after:
            return
        after = str(found.after)


def _person(person: Person) -> list[object]:
    row, workplace = row_of(person), getattr(person, "workplace", None)
    return [
        person.name,
        row.address,
        person.department.name if person.department else "",
        workplace.site.name if workplace else "",
        person.phone,
        person.external_key,
        ", ".join(f"{team}: {role}" for team, role in row.roles),
        ", ".join(words for words, _colour in row.marks),
        local(person.deactivated_at),
    ]


def teams(actor: Actor, sent: Sent) -> Rows:
    """Every team, with a row for each of its members."""
    yield [
        _("Team"), _("Key"), _("confidential"), _("archived"), _("Member"), _("Address"), _("Role"), _("technician"),
    ]  # fmt: skip
    names = dict(Membership.Role.choices)
    members = Membership.objects.select_related("person").order_by("person__sort_key", "id")
    for team in _by_name(Team.objects.all()):
        about = [team.name, team.key, yes(team.is_confidential), yes(team.archived_at)]
        rows = list(members.filter(team=team).prefetch_related("person__addresses"))
        if not rows:
            yield [*about, "", "", "", ""]
        for row in rows:
            main = next((one.address for one in row.person.addresses.all() if one.is_main), "")
            yield [*about, row.person.name, main, str(names[row.role]), yes(row.is_technician)]


def departments(actor: Actor, sent: Sent) -> Rows:
    """Every department."""
    yield [_("Department"), _("Key"), _("German"), _("English"), _("Cost centre"), _("archived")]
    for row in _by_name(Department.objects.all()):
        yield [row.name, row.key, row.words.get("de"), row.words.get("en"), row.cost_centre, yes(row.archived_at)]


def places(actor: Actor, sent: Sent) -> Rows:
    """Every site, and under it what lies in it."""
    yield [
        _("Place"), _("Kind"), _("Key"), _("Postal address"), _("Country"), _("Time zone"), _("archived"),
    ]  # fmt: skip
    for site in _by_name(Site.objects.all()):
        address = site.postal_address.replace("\n", ", ")
        yield [site.name, _("Site"), site.key, address, site.country, site.time_zone, yes(site.archived_at)]
        yield from _inside(sites.tree_of(site), site.name)


def _inside(nodes: list[sites.Node], way: str) -> Rows:
    for node in nodes:
        there = f"{way} › {node.name}"
        yield [there, node.kind, node.key, "", "", "", yes(node.is_archived)]
        yield from _inside(node.inside, there)


def categories(actor: Actor, sent: Sent) -> Rows:
    """The tree of categories, branch by branch."""
    yield [
        _("Category"), _("Key"), _("German"), _("English"), _("Team"), _("Type"), _("Open tickets"), _("archived"),
    ]  # fmt: skip
    yield from _below(catalogue.tree_for(actor))


def _below(nodes: list[catalogue.Node]) -> Rows:
    for node in nodes:
        row = node.row
        names = [row.words.get("de"), row.words.get("en")]
        yield [row.path, row.key, *names, node.team, node.type, node.open, yes(row.archived_at)]
        yield from _below(node.below)


def mailboxes(actor: Actor, sent: Sent) -> Rows:
    """Every intake address with its ways and its state, as far as the reader may know."""
    yield [
        _("Address"), _("Name"), _("Team"), _("Aliases"), _("Fetched from"), _("Sends by"), _("State"), _("Last mail"),
        _("Mails today"), _("Last error"),
    ]  # fmt: skip
    for row in states(actor):
        box = row.mailbox
        yield [
            box.address.address,
            box.name,
            box.team.name,
            ", ".join(sorted(alias.address.address for alias in box.aliases.all())),
            ", ".join(f"{folder.folder} ({folder.account.name})" for folder in row.folders),
            box.sends_by.name if box.sends_by else "",
            row.words,
            local(row.last_mail_at),
            row.mails_today,
            row.error if actor.is_administrator else "",
        ]


def mail_servers(actor: Actor, sent: Sent) -> Rows:
    """Every mail server, without anything that opens it (S21)."""
    yield [
        _("Name"), _("Kind"), _("User name"), _("IMAP server"), _("SMTP server"), _("Signs in"), _("State"),
        _("Last error"), _("Last worked"), _("Client secret ends on"), _("archived"),
    ]  # fmt: skip
    for row in MailAccount.objects.order_by("name", "id"):
        yield [
            row.name,
            row.get_kind_display(),
            row.user,
            f"{row.imap_host}:{row.imap_port}" if row.imap_host else "",
            f"{row.smtp_host}:{row.smtp_port}" if row.smtp_host else "",
            row.get_sign_in_display(),
            _("on hold") if row.held_at else row.get_state_display(),
            row.last_error,
            local(row.last_good_at),
            row.client_secret_ends_on,
            yes(row.archived_at),
        ]


def programs(actor: Actor, sent: Sent) -> Rows:
    """Every integration and every token that anybody has: what it opens and until when, never the token (S21)."""
    yield [
        _("Name"), _("program"), _("Token"), _("Scopes"), _("Made"), _("Expires"), _("Last used"), _("State"),
    ]  # fmt: skip
    given = AccessToken.objects.select_related("person").order_by("person__sort_key", "person_id", "-id")
    ends = {"": _("lasts"), "revoked": _("revoked"), "expired": _("expired")}
    for row in tokens.rows_of(given):
        times = [local(row.created_at), local(row.expires_at), local(row.last_used_at)]
        yield [row.owner.name, yes(row.owner.is_integration), row.name, row.scopes, *times, ends[row.state]]
    idle = Person.objects.filter(is_integration=True, erased_at__isnull=True, access_tokens__isnull=True)
    for program in idle.order_by("sort_key", "id"):
        yield [program.name, yes(True), "", "", "", "", "", ""]


def roles(actor: Actor, sent: Sent) -> Rows:
    """Who may do what: a row for each right, a column for each role."""
    columns = rights.columns()
    yield [_("May …"), *(column.name for column in columns)]
    for right, words in rights.AT_THE_DESK.items():
        yield [words(), *(yes(right in column.rights) for column in columns)]


def retention_rules(actor: Actor, sent: Sent) -> Rows:
    """Every rule on how long tickets are kept."""
    yield [_("Team"), _("Type"), _("Months after closing"), _("What happens"), _("applies")]
    for rule in RetentionRule.objects.select_related("team").order_by("team__id", "type", "months", "id"):
        words = retention.words_of(rule)
        yield [words["team"], words["type"], rule.months, words["what"], yes(rule.is_active)]


def holds(actor: Actor, sent: Sent) -> Rows:
    """Every legal hold that stands."""
    yield [_("Ticket"), _("Person"), _("Why it has to stay"), _("By whom"), _("Since")]
    rows = list(legal.standing().select_related("person", "by").order_by("-since", "-id"))
    told = legal.told_numbers(rows, actor)
    for hold in rows:
        secret = _("confidential") if hold.ticket_id else ""
        ticket = hold.ticket_id if hold.ticket_id in told else secret
        whom = hold.person.name if hold.person else ""
        yield [ticket, whom, hold.reason, hold.by.name if hold.by else "", local(hold.since)]


def emergencies(actor: Actor, sent: Sent) -> Rows:
    """Every emergency access."""
    yield [_("When"), _("Who"), _("Ticket"), _("Why")]
    for one in emergency.accesses():
        yield [local(one.at), one.who, one.number, one.reason or _("(erased)")]


def backups(actor: Actor, sent: Sent) -> Rows:
    """Every backup, drill and restore."""
    yield [
        _("When"), _("What"), _("By whom"), _("How it ended"), _("Fault"), _("File"), _("with keys"), _("Tickets"),
        _("Files"), _("Bytes"),
    ]  # fmt: skip
    kinds, moment = keeping.kinds(), clock.now()
    for run in BackupRun.objects.select_related("asked_by").order_by("-id"):
        yield [
            local(run.asked_at),
            kinds[run.kind],
            run.asked_by.name if run.asked_by else "",
            keeping.outcome(run, moment)[1],
            run.fault,
            run.file,
            yes(run.has_keys),
            run.counts.get("tickets"),
            run.counts.get("files"),
            run.size_bytes or None,
        ]


def _by_name(rows: Iterable[N]) -> list[N]:
    return sorted(rows, key=lambda row: (row.archived_at is not None, row.name.casefold()))
