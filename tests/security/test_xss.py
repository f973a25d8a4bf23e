"""Hundreds of hostile words in every place where words arrive, opened in a real browser on every page (S1, P46.1)."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route
from playwright.sync_api import Error as PageFault
from pytest_django.live_server_helper import LiveServer

from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.history.models import Event, Pending
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.text.safe_html import safe_html
from hauspost.records.catalogue import actions as catalogue
from hauspost.records.catalogue.models import Category
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox, Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.browsing import BACKEND
from tests.security.harm import harm_in
from tests.security.payloads import (
    ADDRESSES,
    BODIES,
    BREAKING,
    CLOBBERING,
    EVIL,
    FETCHES,
    HANDLERS,
    MUTATIONS,
    RUN,
    SCRIPTS,
    STYLES,
    WORDS,
)
from tests.security.routes import patterns

pytestmark = pytest.mark.browser
AT_ONCE = 64
Makes = Callable[["Attack"], list[str]]


@dataclasses.dataclass
class Attack:
    """The tickets that were attacked, and where their mails stand."""

    tickets: list[Ticket]
    delivery: int
    quarantined: int
    entry: int
    mails: list[str]
    folder: FetchedFolder


def _of_tickets(pattern: str) -> Makes:
    return lambda attack: [pattern.format(number=ticket.number) for ticket in attack.tickets]


def _of_first(pattern: str) -> Makes:
    return lambda attack: [
        pattern.format(number=attack.tickets[0].number, entry=attack.entry, delivery=attack.delivery)
    ]


def _of_attackers(name: str) -> Makes:
    """A page of the settings about those who wrote the tickets; their names attack, too."""
    return lambda attack: [
        reverse(name, args=[uid]) for uid in dict.fromkeys(ticket.requester.uid for ticket in attack.tickets[:3])
    ]


def _plain(name: str) -> Makes:
    return lambda _: [reverse(name)]


def _of_mailbox(name: str, *queries: str) -> Makes:
    """A page of the settings about the mailbox whose mail server, folder and key have hostile words."""
    return lambda attack: [reverse(name, args=[attack.folder.mailbox_id]) + query for query in queries or [""]]


def _of_mail_server(name: str, *queries: str) -> Makes:
    return lambda attack: [reverse(name, args=[attack.folder.account_id]) + query for query in queries or [""]]


# Every page of the desk that shows somebody's words, by the name of its route.
AT_DESK: dict[str, Makes] = {
    "mine": lambda _: ["/desk/mine"],
    "open": lambda _: ["/desk/open"],
    "waiting": lambda _: ["/desk/waiting"],
    "snoozed": lambda _: ["/desk/snoozed"],
    "closed": lambda _: ["/desk/closed"],
    "team": lambda _: ["/desk/teams/it"],
    "search": lambda _: ["/desk/search?q=window", "/desk/search?q=evil.example", "/desk/search?q=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    "people": lambda _: ["/desk/people?q=%3Cscript"],
    "desk-menu": lambda _: ["/desk/menu"],
    "new-ticket": lambda _: ["/desk/tickets/new?requester=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    "ticket": lambda attack: [
        *_of_tickets("/desk/tickets/{number}?list=open")(attack),
        *(f"/desk/tickets/{attack.tickets[0].number}?change={card}" for card in ("subject", "tags", "participants", "links", "classification", "elsewhere")),
        f"/desk/tickets/{attack.tickets[0].number}?write=reply",
        f"/desk/tickets/{attack.tickets[0].number}?part=side",
    ],
    "sorting": _of_tickets("/desk/triage/{number}"),
    "triage": lambda _: ["/desk/triage"],
    "notices": lambda _: ["/desk/notices"],
    "original": _of_first("/desk/tickets/{number}/entries/{entry}/original"),
    "original-body": _of_first("/desk/tickets/{number}/entries/{entry}/original.html"),
    "ledger": lambda _: ["/desk/mailroom", "/desk/mailroom?sender=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    "quarantine": lambda _: ["/desk/mailroom/quarantine"],
    "delivery": lambda attack: [f"/desk/mailroom/{attack.delivery}", f"/desk/mailroom/{attack.quarantined}"],
    "delivery-body": _of_first("/desk/mailroom/{delivery}/original.html"),
    "unchecked": lambda _: ["/desk/mailroom/unchecked"],
    "outgoing": lambda _: ["/desk/mailroom/outgoing"],
    "reactions": lambda _: ["/desk/mailroom/reactions"],
    "demo-mailbox": lambda _: ["/desk/mailbox"],
    "demo-mail": lambda attack: [f"/desk/mailbox/{name}" for name in attack.mails],
    "demo-mail-body": lambda attack: [f"/desk/mailbox/{name}/body.html" for name in attack.mails],
    "ticket-as-of": _of_tickets("/desk/tickets/{number}/as-of"),
    "settings-people": lambda _: ["/desk/settings/people?kind=external", "/desk/settings/people?words=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    **{name: _of_attackers(name) for name in (
        "settings-person", "settings-person-history", "settings-person-sight", "settings-person-merging",
        "settings-person-deactivation", "privacy-person",
    )},
    "privacy": _plain("privacy"),
    "audit": lambda _: ["/desk/settings/audit", "/desk/settings/audit?words=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    **{name: _plain(name) for name in (
        "followed", "absent", "absences", "settings", "settings-teams", "settings-roles", "settings-departments",
        "settings-places", "settings-programs", "settings-import", "settings-backups", "settings-person-new", "settings-team-new",
        "settings-department-new", "settings-site-new", "settings-categories", "retention", "emergency", "settings-mailboxes", "settings-mailbox-new",
        "settings-mail-servers", "settings-mail-server-new",
    )},
    "settings-mailbox": _of_mailbox("settings-mailbox", "", *(f"?change={card}" for card in ("basics", "aliases", "intake", "replies"))),
    "settings-mailbox-arrival": _of_mailbox("settings-mailbox-arrival", "?mails=1-2-%3Cscript%3E"),
    "settings-mailbox-folders": _of_mailbox("settings-mailbox-folders"),
    "settings-mailbox-folder": lambda attack: [reverse("settings-mailbox-folder", args=[attack.folder.mailbox_id, attack.folder.id])],
    "settings-mail-server": _of_mail_server("settings-mail-server", "", "?change=details", "?change=login"),
    "settings-mail-authorised": lambda _: [
        reverse("settings-mail-authorised") + "?error=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E&error_description=%3Cscript%3E"
    ],
    "settings-category-new": lambda _: [reverse("settings-category-new") + "?parent=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    "settings-category": lambda _: [reverse("settings-category", args=["evil"])],
    "settings-team": lambda _: [reverse("settings-team", args=["it"])],
}  # fmt: skip
IN_PORTAL: dict[str, Makes] = {
    "portal": lambda _: ["/ask"],
    "my-tickets": lambda _: ["/my-tickets"],
    "shared-tickets": lambda _: ["/my-tickets/shared"],
    "my-ticket": _of_tickets("/my-tickets/{number}"),
    "me": lambda _: ["/me"],
    "tokens": _plain("tokens"),
    "token-new": _plain("token-new"),
    "sign-in-code": lambda _: ["/sign-in/code?code=%22%3E%3Csvg%2Fonload%3Dwindow.pwned%3D1%3E"],
    "sign-in": lambda _: ["/sign-in?next=javascript:window.pwned=1"],
}
# Redirects, forms that only take, and downloads: test_headers_and_files.py has the latter.
SHOW_NOTHING = {
    "home", "desk", "sign-out", "look", "first-administrator", "filing", "replies", "notes", "composer", "undo", "release",
    "original-file", "file", "assignee", "handing", "status", "closure", "reopening", "classification", "impact", "snooze",
    "waking", "visit", "subject", "requester", "participants", "participant-confirmation", "participant-removal", "links",
    "link-removal", "tags", "tag-removal", "quarantine-retry", "delivery-file", "delivery-retry", "delivery-ticket",
    "delivery-discarding", "outgoing-retry", "outgoing-retry-all", "reaction-retry", "reaction-dropping", "my-answers",
    "my-confirmation", "my-reopening", "my-file", "notices-reading", "absence-removal", "audit-export", "authenticator-removal",
    "emergency-opening", "export", "hold-lifting", "holds", "table-export", "my-tickets-export", "my-links", "my-rating", "other-sessions",
    "passkey-name", "passkey-removal", "privacy-erasure", "privacy-export", "recovery-codes", "retention-adding",
    "retention-pausing", "retention-removing", "retention-starting", "ticket-dossier", "token-removal", "health", "metrics",
    "elsewhere", "elsewhere-removal", "passed-on", "spam", "unchecked-judging", "presence",
    *(f"settings-mail-server-{what}" for what in (
        "archive", "authorisation", "details", "login", "receiving", "resumption", "sending",
    )),
    *(f"settings-mailbox-{what}" for what in (
        "alias", "alias-removal", "aliases", "archive", "basics", "folder-pausing", "folder-removal", "intake",
        "key-removal", "keys", "receiving", "replies", "sending", "trial", "watch",
    )),
    # Pages that show the reader's own words, or the company's: tests/browser opens them.
    "authenticator", "confirmation", "own-password", "passkeys", "security", "sign-in-factor", "sign-in-passkey",
    "department-tickets", "retention-rule", "settings-department", "settings-location", "settings-site",
    "settings-program", "settings-program-token", "settings-import-one", "settings-people-together",
    # Programs get JSON, with nosniff and a policy of their own: tests/security/test_api_matrix.py.
    "api", "api-docs", "api-nowhere", "api-schema", "api-start",
    # One ticket's public record, drawn by the same macros as my-ticket: tests/security/test_links.py.
    "link", "link-answers", "link-confirmation", "link-file", "link-rating", "link-reopening",
    *(f"settings-{what}" for what in (
        "absence-removal", "address-main", "address-removal", "backups-asked", "category-archive", "category-details", "department-archive", "department-details",
        "export", "location-archive", "location-details", "person-absences", "person-addresses", "person-details",
        "person-place", "person-reactivation", "person-rights", "person-roles", "person-sessions", "person-unmerging",
        "role-removal", "site-archive", "site-details", "site-locations", "team-archive", "team-mailboxes", "team-members",
        "team-ways", "token-removal",
    )),
}  # fmt: skip

# What no page of ours ever holds, whatever stands in the mails.
AUDIT = """() => {
  const found = [];
  const place = text => { try { return new URL(text, location.href) } catch { return {origin: 'none', protocol: 'none:'} } };
  const say = (what, element) => found.push(what + ': ' + element.outerHTML.slice(0, 160));
  if (window.pwned !== undefined) found.push('it ran');
  const letters = '.letter, .quoted .letter';
  for (const e of document.querySelectorAll('script[src], img[src], link[href], iframe[src], source[src], video[src]')) {
    const where = place(e.src || e.href);
    if (!['data:', 'about:'].includes(where.protocol) && where.origin !== location.origin) say('loads from elsewhere', e);
  }
  for (const e of document.querySelectorAll('a[href], area[href]'))
    if (!['http:', 'https:', 'mailto:', 'tel:'].includes(e.protocol)) say('odd link', e);
  for (const e of document.querySelectorAll('form, [formaction]'))
    if (place(e.getAttribute('action') || e.getAttribute('formaction') || '').origin !== location.origin) say('form to elsewhere', e);
  for (const e of document.querySelectorAll('*'))
    for (const a of e.attributes) if (/^on/i.test(a.name)) say('handler', e);
  for (const e of document.querySelectorAll('base, object, embed, frame, meta[http-equiv], body iframe:not(.frame), style, template[shadowrootmode], portal'))
    say('active element', e);
  for (const e of document.querySelectorAll(letters))
    for (const inner of e.querySelectorAll('*')) {
      if (/^(script|style|form|input|button|select|textarea|iframe|svg|math|video|audio|link|meta|dialog|template|slot)$/i.test(inner.localName)) say('not a letter', inner);
      for (const a of inner.attributes)
        if (/^(id|name|for|form|is|slot|ping|srcset|poster|background|tabindex|autofocus|accesskey|contenteditable|draggable|popover.*|hx-.*|data-.*|aria-.*|role|target)$/i.test(a.name)
            && !(a.name === 'target' && a.value === '_blank')) say('attribute ' + a.name, inner);
      if (inner.className && inner.className.length) say('class', inner);
      const style = getComputedStyle(inner);
      if (!['static', 'relative'].includes(style.position)) say('position ' + style.position, inner);
      if (/url\\(/.test(inner.getAttribute('style') || '')) say('style with an address', inner);
    }
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(other => other === id).length > 1) found.push('id twice: ' + id);
  if (document.documentElement.querySelectorAll('main').length > 1) found.push('two mains');
  if (document.documentElement.scrollWidth > innerWidth + 1) found.push('wider than the screen: ' + document.documentElement.scrollWidth);
  return found;
}"""  # noqa: E501
# Sends the words in every field, and in one that is a choice.
FILL_AND_SEND = """words => {
  const form = document.querySelector('form[enctype]');
  form.noValidate = true;
  for (const field of form.querySelectorAll('input[type=text], input:not([type]), textarea, input[type=number]')) {
    if (field.type === 'number') field.type = 'text';
    field.value = words;
  }
  const odd = document.createElement('input');
  odd.name = 'place';
  odd.value = words;
  form.append(odd);
  form.submit();
}"""
# Is each of these where it can be pressed, with nothing laid over it?
REACHABLE = """selectors => selectors.filter(selector => {
  const element = document.querySelector(selector);
  if (!element) return false;
  element.scrollIntoView({block: 'nearest'});
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return !(box.width > 0 && box.height > 0 && top && (element.contains(top) || top.contains(element)));
})"""


def hostile_mail(number: int, bodies: list[str], words: list[str], *, is_text: bool = False) -> bytes:
    """A mail with hostile words in its body, subject, sender's name, Cc names, file names and content types."""
    mail = EmailMessage()
    mail["From"] = "mira.kowalski@lindner.example"
    mail["To"] = "it@lindner.example"
    mail["Message-ID"] = f"<attack-{number}@mail.example>"
    body = "\n".join(bodies) if is_text else "".join(f"<div>{one}</div>\n" for one in bodies) + "<p>last words</p>"
    mail.set_content(
        body.encode("utf-8", "replace"), "text", "plain" if is_text else "html", params={"charset": "utf-8"}
    )
    for place in range(len(words)):
        mail.add_attachment(b"<script>window.pwned=1</script>", "application", "x-odd", filename=f"marker{place}.txt")
    raw = mail.as_bytes()
    names = [f"=?utf-8?q?{_quoted(word)}?=" for word in words]
    copies = ", ".join(f"{name} <cc{number}.{place}@lindner.example>" for place, name in enumerate(names[:8]))
    head = f"Subject: {names[0]}\r\nCc: {copies}\r\n".encode()
    raw = head + raw.replace(b"From: mira", f"From: {names[-1]} <mira".encode()).replace(
        b"kowalski@lindner.example\n", b"kowalski@lindner.example>\n", 1
    )
    for place, word in enumerate(words):
        named = "".join(f"%{byte:02X}" for byte in word.encode("utf-8", "replace"))
        raw = raw.replace(f'filename="marker{place}.txt"'.encode(), f"filename*=utf-8''{named}".encode())
        odd = re.sub(r"[^\x21-\x7e]", "", word).replace(";", "")[:60].encode()
        raw = raw.replace(b"application/x-odd", b'text/html; name="' + odd.replace(b'"', b"'") + b'"; ' + odd, 1)
    return raw


def _quoted(word: str) -> str:
    return "".join(f"={byte:02X}" for byte in word[:250].encode("utf-8", "replace"))


@pytest.fixture
def attack(lasting_desk: Desk, settings: Any, tmp_path: Path) -> Attack:
    """All payloads in a few tickets: by mail, portal, note, reply, tag; in quarantine, queue and the demo's mailbox."""
    settings.HAUSPOST = dataclasses.replace(settings.HAUSPOST, demo=True, outgoing_maildir=tmp_path / "maildir")
    desk = lasting_desk
    batches = [BODIES[at : at + AT_ONCE] for at in range(0, len(BODIES), AT_ONCE)]
    names = [WORDS[at :: len(batches) + 1] for at in range(len(batches) + 1)]
    deliveries = [
        desk.receives(hostile_mail(at, batch, names[at][:40]), work=False) for at, batch in enumerate(batches)
    ]
    deliveries.append(desk.receives(hostile_mail(99, BODIES, names[-1][:40], is_text=True), work=False))
    desk.works()
    for delivery in deliveries:
        delivery.refresh_from_db()
        assert delivery.ticket is not None, (delivery.disposition, delivery.because, delivery.detail)
    tickets = [Ticket.objects.get(number=delivery.ticket) for delivery in deliveries]
    _work_on(desk, tickets)
    desk.works()
    with desk.later(minutes=1):
        desk.works()
    words = {"en": BREAKING[0][:200], "de": BREAKING[1][:200]}
    catalogue.add_category("evil", words, parent=Category.objects.get(key="access"), actor=SYSTEM)
    return Attack(
        tickets=tickets,
        delivery=deliveries[0].id,
        quarantined=_set_aside(desk),
        entry=tickets[0].entries.get(seq=1).id,
        mails=_delivered(tmp_path / "maildir"),
        folder=_fetch_badly(desk),
    )


def _work_on(desk: Desk, tickets: list[Ticket]) -> None:
    anna, mira = desk.actor("anna"), desk.actor("mira")
    for at, ticket in enumerate(tickets):
        words = WORDS[at :: len(tickets)]
        files = [NewFile(word[:200], "text/html", b"<script>window.pwned=1</script>") for word in words[:20]]
        actions.note(ticket, Writing(text="\n".join(BODIES[at::8]), files=files), actor=anna)
        actions.reply(ticket, Writing(text="\n".join(BODIES[at + 1 :: 8]), files=files[:3]), actor=anna)
        actions.add_answer(
            ticket, Writing(text="\n".join(BODIES[at + 2 :: 8]), files=files), author=desk.person("mira"), actor=mira
        )
        for word in words[:6]:
            actions.tag(ticket, word[:60], actor=anna)
        actions.change_subject(ticket, words[7], actor=anna)
        actions.link(ticket, tickets[(at + 1) % len(tickets)], "related", actor=anna)
    actions.assign(tickets[0], desk.person("deniz"), actor=anna)
    # Names as a directory might bring them.
    for at, person in enumerate(Person.objects.filter(name__contains="<").order_by("id")[:5]):
        actions.add_participant(tickets[at], person, actor=anna)
        actions.change_requester(tickets[-1], person, actor=anna)
    actions.change_requester(tickets[-1], desk.person("mira"), actor=anna)


def _set_aside(desk: Desk) -> int:
    """Words of an attacker in the reasons for which something failed."""
    delivery = desk.receives(hostile_mail(100, BODIES[:30], BREAKING), work=False)
    Delivery.objects.filter(id=delivery.id).update(
        disposition="quarantine", disposed_at=timezone.now(), because="fault", detail="\n".join(BREAKING),
        sender=BREAKING[0][:300], mail_from=BREAKING[1][:300], subject=BREAKING[2], source=BREAKING[3],
    )  # fmt: skip
    OutgoingMail.objects.filter(id__lte=30).update(state="failed", last_error=" ".join(BREAKING), next_try_at=None)
    OutgoingRecipient.objects.update(state="failed", reply_code=550, reply_text=" ".join(BREAKING), address=BREAKING[7])
    event = Event.objects.filter(stream__name__startswith="ticket:").latest("id")
    Pending.objects.create(
        event=event,
        stream=event.stream,
        reaction="acknowledge",
        tries=3,
        parked_at=timezone.now(),
        fault=" ".join(BREAKING),
    )
    return delivery.id


def _fetch_badly(desk: Desk) -> FetchedFolder:
    """A mail server that answers with an attack, and names and signatures of a mailbox that are one, too."""
    box = Mailbox.objects.get(address__address="it@lindner.example")
    account = MailAccount.objects.create(
        name=BREAKING[0][:120], imap_host="127.0.0.1", imap_port=1, smtp_host="127.0.0.1", smtp_port=1, user=BREAKING[1],
        state="failing", last_error=" ".join(BREAKING), failing_since=timezone.now(), created_at=timezone.now(),
        sent_folder=BREAKING[2], auth_serv_id=BREAKING[3][:255], sign_in="oauth", authorise_url=BREAKING[4][:500],
        authorised_by=BREAKING[5], authorised_at=timezone.now(), client_id=BREAKING[6][:255], tenant=BREAKING[7][:120],
    )  # fmt: skip
    Mailbox.objects.filter(id=box.id).update(
        name=BREAKING[0][:120], signature={"en": "\n".join(BREAKING), "de": "\n".join(BREAKING)}, sends_by=account,
        welcomes="domains", domains=BREAKING[:4],
    )  # fmt: skip
    box.keys.create(
        kind="pgp", public="", private_sealed="", fingerprint="0", addresses=BREAKING[:4], created_at=timezone.now()
    )
    waits = desk.receives(hostile_mail(102, BODIES[:30], BREAKING), work=False)
    Delivery.objects.filter(id=waits.id).update(
        disposition="unchecked", disposed_at=timezone.now(), because="unknown_sender", mailbox=box.address.address,
        sender=BREAKING[0][:300], subject=BREAKING[2],
    )  # fmt: skip
    return FetchedFolder.objects.create(
        mailbox=box, account=account, folder=BREAKING[1][:255], move_to=BREAKING[2][:255], state="failing",
        last_error=" ".join(BREAKING), created_at=timezone.now(),
    )  # fmt: skip


def _delivered(folder: Path) -> list[str]:
    """The demo's mailbox: what the desk sent, and one mail that is nothing but an attack."""
    (folder / "new").mkdir(parents=True, exist_ok=True)
    (folder / "new" / "9999999999.attack").write_bytes(hostile_mail(101, BODIES, WORDS[:20]))
    sent = sorted(path.name for path in (folder / "new").iterdir())
    return [*sent[:6], "9999999999.attack"]


class Visitor:
    """Somebody at a browser, who notices everything that a page does."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base, self.faults, self.at = page, base, [], ""
        page.on("console", self._hear)
        page.on("pageerror", lambda fault: self.faults.append(f"{self.at}: script fault {fault}"))
        page.on("dialog", lambda dialog: (self.faults.append(f"{self.at}: dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda _: self.faults.append(f"{self.at}: popup"))
        page.on("download", lambda _: self.faults.append(f"{self.at}: download"))
        page.context.on("request", self._see)

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.base + "/", "data:", "about:", "blob:")):
            self.faults.append(f"{self.at}: asked for {request.url}")

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type not in ("error", "warning"):
            return
        # In the closed box of an original mail the browser says what it did not let happen.
        is_boxed = "original" in self.at or "mailbox" in self.at or "mailroom" in self.at
        if is_boxed and re.search(r"sandbox|Content Security Policy|ERR_BLOCKED_BY_CSP", said.text):
            return
        # The part of a page that htmx fetches names no icon, so a browser that opens it alone asks for the usual one.
        if not said.location["url"].endswith("/favicon.ico"):
            self.faults.append(f"{self.at}: console {said.text}")

    def opens(self, path: str, *reachable: str) -> Page:
        self.at = path
        self.page.goto(self.base + path, wait_until="load")
        if path.endswith(".html"):
            # The closed box itself, opened alone: scripts are off in it, ours too; what it asks for is seen from outside.
            if self.page.evaluate("window.pwned") is not None or self.page.url != self.base + path:
                self.faults.append(f"{path}: it ran, or led to {self.page.url}")
        else:
            self.looks(*reachable)
        return self.page

    def looks(self, *reachable: str) -> None:
        """Wait for what is late, then look at everything."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.faults += [f"{self.at}: {one}" for one in self.page.evaluate(AUDIT)]
        self.faults += [f"{self.at}: covered {one}" for one in self.page.evaluate(REACHABLE, list(reachable))]
        for frame in self.page.frames[1:]:
            if frame.evaluate("() => window.pwned") is not None:
                self.faults.append(f"{self.at}: it ran in a frame")

    def report(self) -> None:
        if self.faults:
            pytest.fail("\n".join(dict.fromkeys(one[:600] for one in self.faults)), pytrace=False)


@pytest.fixture
def visit(lasting_desk: Desk, live_server: LiveServer, browser: Browser) -> Iterator[Callable[[str], Visitor]]:
    contexts = []

    def visiting(name: str) -> Visitor:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        contexts.append(context)
        person = Person.objects.get(pk=lasting_desk.person(name).pk)
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = BACKEND
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        cookie = {"name": django_settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": live_server.url}
        context.add_cookies([cookie])
        return Visitor(context.new_page(), live_server.url)

    yield visiting
    for context in contexts:
        context.close()


def test_there_are_enough_of_them_and_each_would_do_something() -> None:
    assert len(set(BODIES)) >= 200
    assert len(set(WORDS)) >= 100
    assert sum(RUN in one or "evil.example" in one for one in BODIES) >= 250
    assert EVIL.startswith("http://")


def serving(page: str) -> Callable[[Route], None]:
    """A site of one page, without any policy."""
    return lambda route: route.fulfill(body=page, content_type="text/html")


def test_the_watcher_sees_what_works(browser: Browser) -> None:
    """Without our sanitiser and our policy the same words run, ask and cover; else this file would prove nothing."""
    for group, expected in ((SCRIPTS, "it ran"), (HANDLERS, "it ran"), (FETCHES, "asked for"), (STYLES, "asked for"), (STYLES, "covered"),
                            (MUTATIONS, "it ran"), (CLOBBERING, "attribute id"), (ADDRESSES, "odd link")):  # fmt: skip
        page = '<nav class="rail"><a href="/">x</a></nav><div class="letter">' + "</div><div class='letter'>".join(
            group
        )
        context = browser.new_context()
        context.route("**/*", lambda route: route.abort())
        context.route("http://own.example/", serving(page))
        visitor = Visitor(context.new_page(), "http://own.example")
        visitor.page.goto("http://own.example/", wait_until="commit")
        # Some of them lead the page away, or take its frames out, while we look.
        with suppress(PageFault):
            visitor.looks("nav.rail a", "#composer")
        assert any(expected in fault for fault in visitor.faults), (expected, visitor.faults[:3])
        context.close()


def test_every_page_that_shows_words_is_opened() -> None:
    """A new page is entered in one of the lists above, or this fails."""
    listed = [*AT_DESK, *IN_PORTAL, *SHOW_NOTHING]
    assert sorted(listed) == sorted(patterns())


@pytest.mark.parametrize("payload", range(0, len(BODIES), AT_ONCE))
def test_what_is_kept_of_a_mail_is_harmless_by_itself(payload: int) -> None:
    """The allow-list, without a browser: whatever was sent, and however often it is cleaned."""
    for body in BODIES[payload : payload + AT_ONCE]:
        assert harm_in(safe_html(body)) == [], body
        assert harm_in(safe_html(safe_html(body))) == [], body


def test_nothing_runs_and_nothing_is_asked_for(
    visit: Callable[[str], Visitor], attack: Attack, lasting_desk: Desk
) -> None:
    """S1, P46.1: the whole desk, then the whole portal; the layout around the letters is as ever."""
    Person.objects.filter(pk=lasting_desk.person("deniz").pk).update(is_administrator=True)
    deniz = visit("deniz")
    rail = None
    for name, makes in AT_DESK.items():
        for path in makes(attack):
            reachable = (
                ["nav.rail a", "main h1", ".composer", "#composer", "#side h2"]
                if name == "ticket"
                else ["nav.rail a", "main h1"]
            )
            page = deniz.opens(path, *reachable)
            if name in ("ticket", "sorting") and "part=" not in path:
                assert page.locator(".letter").count() > 0, path
            if page.locator("nav.rail").count():
                box = page.locator("nav.rail").bounding_box()
                rail = rail or box
                if box != rail:
                    deniz.faults.append(f"{path}: the rail moved from {rail} to {box}")
            elif not name.endswith("-body") and name != "people" and "part=" not in path:
                deniz.faults.append(f"{path}: no rail")
    mira = visit("mira")
    for makes in IN_PORTAL.values():
        for path in makes(attack):
            mira.opens(path, "header.portaltop a", "main h1", "form.answer textarea", "form.answer button")
    deniz.faults += mira.faults
    deniz.report()


def test_what_was_typed_comes_back_as_words(visit: Callable[[str], Visitor], lasting_desk: Desk) -> None:
    """Refused forms, two edits that meet, a lost session and a lost token show hostile words again; and only words."""
    mira, anna = visit("mira"), visit("anna")
    worst = "\n".join(BREAKING)
    page = mira.opens("/ask")
    with page.expect_navigation():
        page.evaluate(FILL_AND_SEND, worst.replace("\n", " "))
    mira.at = "/ask refused"
    mira.looks("header.portaltop a", "main h1")
    ticket = lasting_desk.ticket("mira", subject="A plain subject")
    page = anna.opens(f"/desk/tickets/{ticket.number}?change=subject")
    actions.change_subject(ticket, BREAKING[0], actor=lasting_desk.actor("jonas"))
    page.fill("#head input[name=subject]", BREAKING[1])
    with page.expect_navigation():
        page.click("#head form button[type=submit]")
    anna.at = "conflict"
    anna.faults = [one for one in anna.faults if "409" not in one]
    anna.looks("nav.rail a")
    for at, lost in (("token", "csrftoken"), ("session", django_settings.SESSION_COOKIE_NAME)):
        page = mira.opens(f"/my-tickets/{ticket.number}")
        page.fill("form.answer textarea", worst)
        page.context.clear_cookies(name=lost)
        with page.expect_navigation():
            page.click("form.answer button[type=submit]")
        mira.at = f"lost {at}"
        mira.looks()
    # Refusals; and what Chromium says of words in a field for numbers.
    expected = re.compile(r"status of (401|403|409|422)|specified value .* cannot be parsed", re.DOTALL)
    mira.faults = [one for one in mira.faults + anna.faults if not expected.search(one)]
    mira.report()


def test_mails_that_leave_carry_nothing_active(attack: Attack) -> None:
    """FreeScout CVE-2026-32754: notices and acknowledgements quote what others wrote, in HTML too."""
    faults = []
    count = 0
    for mail in OutgoingMail.objects.exclude(raw=None):
        letter = read_letter(bytes(mail.raw or b""))
        html = untouched(bytes(mail.raw or b""))
        count += bool(html)
        faults += [f"{mail.kind}: {one}" for one in harm_in(html)]
        assert not letter.fault
    assert count > 5
    assert sorted(set(faults)) == []


def untouched(raw: bytes) -> str:
    from email import message_from_bytes

    return "".join(
        part.get_payload(decode=True).decode("utf-8", "replace")  # type: ignore[union-attr]
        for part in message_from_bytes(raw).walk()
        if part.get_content_type() == "text/html" and not part.get_filename()
    )


def test_a_stored_file_is_no_script_of_ours(visit: Callable[[str], Visitor], attack: Attack) -> None:
    """FreeScout GHSA-fffc-phh8-5h4v: an uploaded .js, .html or .svg cannot be loaded by our pages, nor run when opened."""
    anna = visit("anna")
    ticket = attack.tickets[0]
    note = ticket.entries.get(kind="note")
    base = f"/desk/tickets/{ticket.number}/files/"
    sources = [f"{base}{file.id}?inline=1" for file in note.attachments.all()[:5]]
    anna.opens(f"/desk/tickets/{ticket.number}")
    ran = anna.page.evaluate(
        """async sources => { const tried = [];
        for (const source of sources) for (const kind of ['script', 'link', 'object', 'embed', 'iframe'])
          tried.push(await new Promise(done => { const e = document.createElement(kind);
            if (kind === 'link') e.rel = 'stylesheet'; e.onload = () => done(kind + ' loaded'); e.onerror = () => done('');
            e.src = e.href = e.data = source; document.head.append(e); setTimeout(() => done(''), 150); }));
        return [window.pwned, tried.filter(one => /script|link/.test(one))]; }""",
        sources,
    )
    assert ran == [None, []]
    assert all(frame.evaluate("() => window.pwned") is None for frame in anna.page.frames)
