"""Who sees what: all pages × all roles × own and foreign ids; nothing of a forbidden ticket shows anywhere (P11, S5)."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from hauspost.ground.history.models import Event, Stream
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.search.models import SearchDocument
from hauspost.ground.vitals.actions import Pulse
from hauspost.records.people.actions import deactivate
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.writing import NewFile, Writing
from tests.doors.browsing import BACKEND
from tests.security.planting import Field, Planted, plant
from tests.security.routes import GATES, TABLE, UNKNOWN, Arguments, address, arguments, patterns

# Whose tickets each may read at the desk (with notes), ask about as requester, and follow. Written by hand, from the
# descriptions in tests/world.py, not from the code under test.
AT_DESK: dict[str, set[str]] = {
    "nobody": set(),
    "mira": set(),  # an employee who has nothing to do with any of it
    "petra": set(),  # requester in IT and HR
    "marta": set(),  # participant of IT's, from a later entry on
    "ines": set(),  # proposed participant of IT's, unconfirmed
    "yusuf": set(),  # requester in HR and Facilities
    "anna": {"it"},  # agent; and requester in Facilities
    "lena": {"it"},  # read-only
    "deniz": {"it"},  # dispatcher
    "sabine": {"it"},  # lead
    "jonas": {"it", "facilities", "facilities_other", "passed"},  # agent; read-only in Facilities
    "pawel": {"facilities", "facilities_other", "passed"},  # agent of another team
    "claire": {"facilities", "facilities_other", "passed"},  # dispatcher of another team
    "giulia": {"hr", "hr_stranger", "hr_third", "hr_opened"},  # agent of the confidential team
    "karim": set(),  # administrator
    "wolfgang": set(),  # auditor
    "head": set(),  # head of Petra's department, with the right to see what it asks for
    "ghost": set(),  # was an agent of IT; deactivated, the session cookie still there
}
# Beside their own teams' tickets: what IT handed on, read on by IT; what an administrator opened in an emergency.
AS_SHARING = {who: {"passed"} for who in ("anna", "lena", "deniz", "sabine")}
AS_EMERGENCY = {"karim": {"hr_opened"}}
AS_AUDITOR = {"wolfgang": {"it", "facilities", "facilities_other", "passed"}}
AS_DEPARTMENT = {"head": {"it"}}
AS_REQUESTER = {
    "petra": {"it", "hr"}, "yusuf": {"hr_third", "facilities_other", "hr_opened"}, "anna": {"facilities"},
}  # fmt: skip
# Auditors see that it was used, and for which number.
HEARD_NUMBERS = {"wolfgang": {"hr_opened"}}
AS_PARTICIPANT = {"marta": {"it"}}
IN_MAILROOM: dict[str, set[str]] = {
    "deniz": {"it"},
    "sabine": {"it"},
    "claire": {"facilities", "facilities_other"},
    "karim": {"it", "facilities", "facilities_other", "passed"},
}
HAVE_A_DESK = {name for name, seen in AT_DESK.items() if seen} | {"karim", "wolfgang"}
MAY_CHANGE_NOTHING = ("lena", "wolfgang", "head")
ROLES = tuple(AT_DESK)
# A long walk: on one database, chosen by bin/test; the gates themselves are tried on all (tests/records).
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(scope="module")
def field(django_db_setup: None, django_db_blocker: Any) -> Iterator[Field]:
    """Planted once for all roles; what each test does is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        planted = plant()
        actions.set_status(planted["it"].ticket, status_of("new"), actor=SYSTEM)
        yield planted
        transaction.set_rollback(True)


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever happens in here has not happened."""
    cache.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()


def person_of(field: Field, role: str) -> Person:
    return {"ghost": field.ghost, "head": field.head}.get(role) or field.desk.person(role)


def client_of(field: Field, role: str, **more: Any) -> Client:
    """A browser in which this role is signed in, in English."""
    client = Client(**more)
    client.raise_request_exception = False
    if role == "nobody":
        return client
    person = person_of(field, role)
    person = Person.objects.get(pk=person.pk)
    Person.objects.filter(pk=person.pk).update(language="en")
    client.force_login(person, backend=BACKEND)
    if role == "ghost":
        deactivate(person, actor=SYSTEM)
    return client


def read_at_desk(role: str) -> set[str]:
    """The tickets that this role opens at the desk, with notes."""
    beside = [AS_SHARING, AS_EMERGENCY, AS_AUDITOR]
    return AT_DESK[role].union(*(one.get(role, set()) for one in beside))


def readable_words(field: Field, role: str) -> set[str]:
    """Every planted word that this role may meet somewhere."""
    seen: set[str] = set()
    for key, one in field.tickets.items():
        if key in read_at_desk(role):
            seen |= one.all_words()
        if key in AS_DEPARTMENT.get(role, set()):
            seen |= {*one.head_words, *one.mail_words, *one.late_words}
        if key in HEARD_NUMBERS.get(role, set()):
            seen |= {str(one.number)}
        if key in AS_REQUESTER.get(role, set()):
            seen |= {*one.head_words, *one.mail_words, *one.late_words}
        if key in AS_PARTICIPANT.get(role, set()):
            seen |= {*one.head_words, *one.late_words}
        if key in IN_MAILROOM.get(role, set()):
            seen |= {*one.mail_words, *one.head_words}
    return seen


# The length follows from the length of the address that was asked.
_OWN_EACH_TIME = ("Content-Length", "X-Request-ID", "X-Request-Id")


def body_of(answer: Any) -> str:
    """What was answered, with its headers; addresses that the visitor named are not an answer."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name not in _OWN_EACH_TIME)
    return f"{head}\n{html.unescape(content.decode('utf-8', 'replace'))}"


def without_asked(text: str, path: str) -> str:
    for spelling in (path, quote(path, safe=""), quote(path)):
        text = text.replace(spelling, "")
    return text


def normal(answer: Any, path: str) -> str:
    """An answer without what differs from one request to the next."""
    text = without_asked(body_of(answer), path)
    text = re.sub(r'(nonce="|nonce-|name="csrfmiddlewaretoken" value="|for the log: )[\w-]+', r"\1", text)
    return f"{answer.status_code} {text}"


# That somebody looked at a setting, or took a dossier out of the house, is itself recorded.
_LOOKING = ("settings.seen", "person.seen", "ticket.dossier_made")


def dump() -> dict[str, Any]:
    """All rows of all our tables; without the heads of streams, which only follow their events."""
    rows: dict[str, Any] = {}
    for model in apps.get_models():
        if model._meta.app_label in ("sessions", "contenttypes"):
            continue
        found = model._default_manager.order_by()
        if model is Event:
            found = found.exclude(kind__in=_LOOKING)
        if model is not Stream:
            rows[model._meta.label] = sorted(map(str, found.values_list()))
    return rows


def report(faults: list[str]) -> None:
    """Fail with all that was found."""
    if faults:
        pytest.fail("\n".join(sorted(set(faults))), pytrace=False)


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{label}: {sorted(set(after[label]) - set(before[label]))[:2]} instead of {sorted(set(before[label]) - set(after[label]))[:2]}"
        for label in before
        if before[label] != after[label]
    ]


def may_open(gate: str, role: str, key: str) -> bool:
    """May this role open a page of that gate, for that ticket?"""
    match gate:
        case "open":
            return True
        case "session":
            return role not in ("nobody", "ghost")
        case "desk":
            return role in HAVE_A_DESK
        case "ticket":
            return key in read_at_desk(role)
        case "team":
            return key in AT_DESK[role]
        case "own ticket":
            beside = [AS_PARTICIPANT, AS_DEPARTMENT]
            return key in AS_REQUESTER.get(role, set()).union(*(one.get(role, set()) for one in beside))
        case "delivery":
            return key in IN_MAILROOM.get(role, set())
        case "mailroom":
            return role in IN_MAILROOM
        case "administrator":
            return role == "karim"
        case "auditor":
            return role in ("karim", "wolfgang")
        case "department":
            return role in AS_DEPARTMENT
    # "link": for whoever holds one, see test_links.py; a guessed one is nobody's.
    return False


def unknown(given: Arguments) -> Arguments:
    """The same address for something that does not exist."""
    return {
        name: UNKNOWN if isinstance(value, int) else "nosuchteam" if name == "key" else value for name, value in given.items()
    }  # fmt: skip


def test_every_page_is_in_the_table() -> None:
    """A page that nobody entered in tests/security/routes.py has not been tried by an attacker."""
    assert set(patterns()) == set(TABLE)
    assert all(
        route.gate in GATES and ("POST" not in route.methods) == (route.sends is None) for route in TABLE.values()
    )


def test_the_canaries_sing_for_those_who_may_hear_them(field: Field) -> None:
    """The other tests would prove nothing if the words were nowhere."""
    with taken_back():
        for role, key in (("anna", "it"), ("giulia", "hr"), ("pawel", "facilities")):
            client = client_of(field, role)
            page = body_of(client.get(f"/desk/tickets/{field[key].number}"))
            expected = {*field[key].head_words, *field[key].mail_words, *field[key].desk_words}
            assert {word for word in expected if word not in page} == set()
            assert field[key].head_words[0] in body_of(client.get("/desk/open"))
            assert field[key].head_words[0] in body_of(client.get(f"/desk/search?q=canarynote{field[key].key}"))
        petra, marta = (
            body_of(client_of(field, who).get(f"/my-tickets/{field['it'].number}")) for who in ("petra", "marta")
        )
        assert {
            word
            for word in [*field["it"].head_words, *field["it"].late_words]
            if word not in petra or word not in marta
        } == set()
        assert field["it"].mail_words[0] in petra


@pytest.mark.parametrize("role", ROLES)
def test_reading(field: Field, role: str) -> None:
    """P11.1, P11.2, P11.4, P11.5, S5, S23: only what is theirs; forbidden is like unknown; and reading changes nothing."""
    faults: list[str] = []
    with taken_back():
        client = client_of(field, role)
        forbidden = field.all_words() - readable_words(field, role)
        unknowns: dict[tuple[str, bool], str] = {}
        # The walk is long: whoever looks at the health of the house finds its worker alive.
        Pulse("work").beat()
        before, walked = dump(), set[str]()
        for name, route in TABLE.items():
            for key, planted in field.tickets.items():
                given = arguments(field, name, planted)
                if (bare := address(name, given)) in walked:
                    # Not of this ticket: one visit is enough.
                    continue
                walked.add(bare)
                open_to = may_open(route.gate, role, key)
                for query in route.queries if open_to or not given else route.queries[:2]:
                    path = address(name, given) + query
                    for headers in ({}, {"HX-Request": "true"}) if query == route.queries[0] else ({},):
                        answer = client.get(path, headers=headers)
                        heard = without_asked(body_of(answer), path)
                        asked = [word for word in forbidden if word in query]
                        faults += [
                            f"{path} ({name}) tells {word}" for word in forbidden if word in heard and word not in asked
                        ]
                        for word in asked:
                            # A search for a word that is not theirs says what a search for no word of anybody says.
                            nothing = "9871234" if word.isdigit() else "nobodyswordatall"
                            elsewhere = path.replace(word, nothing)
                            other = client.get(elsewhere, headers=headers)
                            if normal(answer, path).replace(word, nothing) != normal(other, elsewhere):
                                faults.append(f"{path} ({name}) tells that there is {word}")
                        if answer.status_code >= 500:
                            faults.append(f"{path} ({name}): {answer.status_code}")
                        if "GET" not in route.methods:
                            faults += [f"{path} ({name}): {answer.status_code}"] if answer.status_code == 200 else []
                            continue
                        if open_to:
                            if answer.status_code not in (200, 204, 302, 422) and not _excused(name, role):
                                faults.append(f"{path} ({name}) is refused to {role}: {answer.status_code}")
                            continue
                        nowhere = address(name, unknown(given)) + query
                        asked_as = (nowhere, bool(headers))
                        if asked_as not in unknowns:
                            unknowns[asked_as] = normal(client.get(nowhere, headers=headers), nowhere)
                        if normal(answer, path) != unknowns[asked_as]:
                            faults.append(f"{path} ({name}) differs from unknown: {answer.status_code}")
                        if answer.status_code not in (404, 401, 302, 204):
                            faults.append(f"{path} ({name}) is open to {role}: {answer.status_code}")
        faults += [f"reading changed {one}" for one in changed(before, dump())]
    report(faults)


def _excused(name: str, role: str) -> bool:
    # A guessed link, and files of notes, which no requester has; who may only read cannot begin a ticket.
    return name in ("first-administrator", "my-file", "settings-import-one") or (
        name == "new-ticket" and role in ("lena", "karim", "wolfgang")
    )


@pytest.mark.parametrize("role", ROLES)
def test_writing_where_one_may_not(field: Field, role: str) -> None:
    """S5: a form for a foreign ticket is answered like one for no ticket, and changes nothing."""
    faults: list[str] = []
    with taken_back():
        client = client_of(field, role)
        unknowns: dict[str, str] = {}
        secret = field.all_words() - readable_words(field, role)
        before = dump()
        for name, route in TABLE.items():
            if "POST" not in route.methods or route.gate == "open":
                continue
            for key in ("it", "hr", "facilities"):
                planted = field[key]
                given = arguments(field, name, planted)
                if may_open(route.gate, role, key) or (not given and key != "it"):
                    continue
                path, nowhere = address(name, given), address(name, unknown(given))
                answer = client.post(path, route.sends)
                if nowhere not in unknowns:
                    unknowns[nowhere] = normal(client.post(nowhere, route.sends), nowhere)
                if normal(answer, path) != unknowns[nowhere]:
                    faults.append(f"{path} ({name}) differs from unknown: {answer.status_code}")
                if answer.status_code not in (404, 401, 405):
                    faults.append(f"{path} ({name}): {answer.status_code}")
                # What was sent stands in the form again: after signing in it goes its way (P23.2).
                sent = " ".join((route.sends or {}).values())
                heard = without_asked(body_of(answer), path)
                faults += [f"{path} tells {word}" for word in secret if word in heard and word not in sent]
        faults += changed(before, dump())
    report(faults)


@pytest.mark.parametrize("role", MAY_CHANGE_NOTHING)
def test_who_may_only_read_changes_nothing(field: Field, role: str) -> None:
    faults: list[str] = []
    with taken_back():
        client = client_of(field, role)
        before = dump()
        for name, route in TABLE.items():
            if "POST" in route.methods and route.gate in (
                "ticket",
                "own ticket",
                "delivery",
                "mailroom",
                "administrator",
            ):
                for planted in field.tickets.values():
                    path = address(name, arguments(field, name, planted))
                    answer = client.post(path, route.sends)
                    if answer.status_code >= 500:
                        faults.append(f"{path} ({name}): {answer.status_code}")
        faults += changed(before, dump())
    report(faults)


def test_a_participant_confirms_and_reopens_nothing(field: Field) -> None:
    """That is the requester's."""
    with taken_back():
        actions.set_status(field["it"].ticket, status_of("resolved"), actor=SYSTEM)
        before = Ticket.objects.values("state", "version").get(number=field["it"].number)
        marta = client_of(field, "marta")
        for verb in ("confirmation", "reopening"):
            marta.post(f"/my-tickets/{field['it'].number}/{verb}")
        assert Ticket.objects.values("state", "version").get(number=field["it"].number) == before


@pytest.mark.parametrize(("role", "own", "foreign"), [("anna", "it", "hr"), ("jonas", "it", "facilities"), ("giulia", "hr", "it"), ("petra", "it", "hr")])  # fmt: skip
def test_ids_of_another_ticket_behind_ones_own(field: Field, role: str, own: str, foreign: str) -> None:
    """S5: /tickets/mine/files/foreign, entries, links: as if it were not there, even where both tickets are one's own."""
    faults: list[str] = []
    with taken_back():
        client = client_of(field, role)
        before = dump()
        for name, route in TABLE.items():
            if not {"entry", "file"} & set(route.nested) or not may_open(route.gate, role, own):
                continue
            given = arguments(field, name, field[own], nested_in=field[foreign])
            missing = given | dict.fromkeys(route.nested, UNKNOWN)
            path, nowhere = address(name, given), address(name, missing)
            for query in route.queries:
                ask = client.post if route.sends is not None else client.get
                answer, other = ask(path + query), ask(nowhere + query)
                if answer.status_code != 404 or normal(answer, path) != normal(other, nowhere):
                    faults.append(f"{path}{query} ({name}): {answer.status_code}, unknown {other.status_code}")
        faults += changed(before, dump())
    report(faults)


def test_a_link_to_a_foreign_number_is_refused_like_one_to_no_number(field: Field) -> None:
    with taken_back():
        anna = client_of(field, "anna")
        path = f"/desk/tickets/{field['it'].number}/links"
        answers = []
        for number in (field["hr_third"].number, UNKNOWN):
            answer = anna.post(path, {"number": str(number), "kind": "related"})
            answers.append((answer.status_code, normal(answer, path).replace(str(number), "")))
        assert answers[0] == answers[1]
        assert answers[0][0] == 422
        removal = [
            anna.post(f"{path}/{number}/removal", {"kind": "related"}).status_code
            for number in (field["hr"].number, field["hr_third"].number, UNKNOWN)
        ]
        assert len(set(removal)) == 1, removal


def test_files_kept_from_others_do_not_come_along(field: Field) -> None:
    """`kept_file` names one's own, taken back, in this ticket; nothing else."""
    with taken_back():
        anna = client_of(field, "anna")
        foreign = [*field["hr"].files().values(), *field["facilities"].files().values()]
        anna.post(f"/desk/tickets/{field['it'].number}/notes", {"text": "x", "kept_file": foreign})
        assert field["it"].ticket.entries.latest("seq").attachments.count() == 0


COUNTED = {"anna": 1, "deniz": 1, "sabine": 1, "lena": 1, "jonas": 4, "pawel": 3, "claire": 3, "giulia": 4, "karim": 0, "wolfgang": 0}  # fmt: skip


@pytest.mark.parametrize("role", sorted(HAVE_A_DESK))
def test_counters_count_what_is_theirs(field: Field, role: str) -> None:
    """P11.1: not even how many."""
    with taken_back():
        page = client_of(field, role).get("/desk/menu", follow=True).text
        rail = page[page.index('<nav class="rail"') : page.index("</nav>")]
        numbers = [int(number) for number in re.findall(r'<span class="num">(\d+)</span>', rail)]
        assert COUNTED[role] == len(AT_DESK[role])
        teams = {one.ticket.team.key for key, one in field.tickets.items() if key in AT_DESK[role]}
        listed = set(re.findall(r"/desk/teams/([\w-]+)", rail))
        assert listed == teams
        in_teams = sum(
            int(number)
            for number in re.findall(r'/desk/teams/[\w-]+".*?<span class="num">(\d+)</span>', rail, re.DOTALL)
        )
        assert in_teams == COUNTED[role]
        assert all(number <= COUNTED[role] for number in numbers), numbers


def test_a_requesters_other_tickets_are_counted_as_far_as_they_are_seen(field: Field) -> None:
    """Petra's ticket in HR is not a number at the side of her ticket in IT."""
    with taken_back():
        sheet = client_of(field, "anna").get(f"/desk/tickets/{field['it'].number}?part=side")
        assert field["hr"].head_words[1] not in sheet.text
        alone = re.sub(r"\s+", " ", sheet.text)
        Ticket.objects.filter(number=field["hr"].number).update(requester=field.desk.person("yusuf"))
        again = client_of(field, "anna").get(f"/desk/tickets/{field['it'].number}?part=side")
        strip = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
        assert strip.sub("", re.sub(r"\s+", " ", again.text)) == strip.sub("", alone)


def test_every_form_needs_its_token(field: Field) -> None:
    """S23: without it, whoever is signed in, nothing happens."""
    faults: list[str] = []
    with taken_back():
        clients = {role: client_of(field, role, enforce_csrf_checks=True) for role in ("petra", "deniz", "karim")}
        before = dump()
        for role, client in clients.items():
            for name, route in TABLE.items():
                if "POST" not in route.methods or route.gate == "link":
                    continue
                for planted in (field["it"], field["facilities"]):
                    path = address(name, arguments(field, name, planted))
                    answer = client.post(path, route.sends, headers={"Origin": "http://evil.example"})
                    faults += [f"{role} {path}: {answer.status_code}"] if answer.status_code != 403 else []
                    plain = client.post(path, route.sends)
                    faults += [f"{role} {path}: {plain.status_code}"] if plain.status_code != 403 else []
        faults += changed(before, dump())
    report(faults)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace", "options"])
def test_other_methods_do_nothing(field: Field, method: str) -> None:
    with taken_back():
        client = client_of(field, "deniz")
        before = dump()
        for name in TABLE:
            answer = getattr(client, method)(address(name, arguments(field, name, field["it"])))
            assert answer.status_code in (302, 404, 405, 401), (name, answer.status_code)
        assert changed(before, dump()) == []


def test_a_closed_portal_for_those_whose_part_was_taken_away(field: Field) -> None:
    with taken_back():
        marta = client_of(field, "marta")
        path = f"/my-tickets/{field['it'].number}"
        assert marta.get(path).status_code == 200
        actions.remove_participant(field["it"].ticket, field.desk.person("marta"), actor=field.desk.actor("anna"))
        assert marta.get(path).status_code == 404


def _mails_with(words: list[str]) -> list[tuple[str, OutgoingMail]]:
    from hauspost.ground.mail.letter import read_letter

    found = []
    for mail in OutgoingMail.objects.all():
        assert mail.raw is not None
        letter = read_letter(bytes(mail.raw))
        told = " ".join([letter.subject, letter.text, letter.html, *(file.name for file in letter.attachments)])
        found += [(word, mail) for word in words if word in told or word.encode() in bytes(mail.raw)]
    return found


def _agents_of(planted: Planted) -> set[str]:
    return {str(uid) for uid in planted.ticket.team.memberships.values_list("person__uid", flat=True)}


def test_notes_never_reach_requesters(field: Field) -> None:
    """P6.2: whatever happens around a note, no mail with a word of it goes to anybody outside the team."""
    desk, it = field.desk, field["it"]
    with taken_back():
        anna, deniz = desk.actor("anna"), desk.actor("deniz")
        ticket = it.ticket
        actions.add_participant(ticket, desk.person("mira"), actor=anna, role="watcher")
        verbs = [
            lambda: actions.assign(ticket, desk.person("jonas"), actor=deniz),
            lambda: actions.set_status(ticket, status_of("resolved"), actor=anna),
            lambda: actions.reopen(ticket, actor=anna),
            lambda: actions.plan(ticket, actor=anna, technician=desk.person("anna"), planned_at=None),
            lambda: actions.change_subject(ticket, "About canarysubjectit1 again", actor=anna),
            lambda: actions.reply(ticket, Writing(text="A public word"), actor=anna),
            lambda: actions.add_answer(
                ticket, Writing(text="Thanks"), author=desk.person("petra"), actor=desk.actor("petra")
            ),
        ]
        secrets = ["canarynoteit1", "canarynotefileit1", "canaryheldit"]
        for place, verb in enumerate(verbs):
            secret = f"canarysecret{place}"
            secrets.append(secret)
            note = Writing(text=f"Between us: {secret}", files=[NewFile(f"{secret}.txt", "text/plain", b"x")])
            actions.note(ticket, note, actor=deniz)
            verb()
            with desk.later(minutes=1 + place):
                desk.works()
        notice = next(mail for word, mail in _mails_with(["canarysecret0"]))
        # An agent answers the notice by mail, and names the requester in Cc: still a note, still only the team's.
        desk.receives(
            desk.letter("jonas", to="it", text="canarybymail, keep it to us",
                        headers={"In-Reply-To": f"<{notice.message_id.strip('<>')}>", "Cc": "petra.lang@lindner.example"}),
        )  # fmt: skip
        secrets.append("canarybymail")
        assert ticket.entries.filter(text__contains="canarybymail", is_public=False).exists()
        team, faults = _agents_of(it), []
        for word, mail in _mails_with(secrets):
            outside = [one.address for one in mail.recipients.all() if one.person_uid not in team]
            faults += [f"{word} to {outside} ({mail.kind})"] if outside else []
        report(faults)
        petra = client_of(field, "petra").get(f"/my-tickets/{it.number}").text
        assert [word for word in secrets if word in petra] == []


def test_a_notice_in_the_queue_is_asked_again_at_sending(field: Field) -> None:
    """P11.3: who left the team between queueing and sending is told nothing."""
    from hauspost.records.people.actions import take_role

    desk, it = field.desk, field["it"]
    with taken_back():
        actions.assign(it.ticket, desk.person("jonas"), actor=desk.actor("deniz"))
        actions.note(it.ticket, Writing(text="canarytoolate"), actor=desk.actor("deniz"))
        take_role(desk.person("jonas"), desk.team("it"), actor=SYSTEM)
        with desk.later(minutes=5):
            desk.works()
        uid = str(desk.person("jonas").uid)
        told = [
            mail for _word, mail in _mails_with(["canarytoolate"]) if mail.recipients.filter(person_uid=uid).exists()
        ]
        assert told == []


def test_the_search_index_keeps_notes_inside(field: Field) -> None:
    for row in SearchDocument.objects.all():
        text = f"{row.title} {row.body}"
        if "canarynote" in text or "canaryheld" in text or "between us" in text.lower():
            assert row.visibility == "internal", row.title
            assert (
                not any(token.startswith("r") for token in row.scope.split() if token[1:].isdigit())
                or row.visibility == "internal"
            )


def test_one_function_decides(field: Field) -> None:
    """P11.1: `view_of` and the lists say the same for everybody."""
    for role in ROLES:
        if role in ("nobody", "ghost"):
            continue
        actor = Actor(who=Person.objects.get(pk=person_of(field, role).pk))
        listed = set(Ticket.objects.at_desk_of(actor).values_list("number", flat=True))
        assert listed == {field[key].number for key in AT_DESK[role]}
        followed = set(Ticket.objects.followed_by(actor).values_list("number", flat=True))
        assert followed == {field[key].number for key in AS_SHARING.get(role, set())}
        assert actor.who is not None
        of_department = set(Ticket.objects.of_department(actor.who).values_list("number", flat=True))
        assert of_department == {field[key].number for key in AS_DEPARTMENT.get(role, set())}
        for key, one in field.tickets.items():
            view = view_of(one.ticket, actor)
            expected = (
                "agent" if key in AT_DESK[role]
                else "requester" if key in AS_REQUESTER.get(role, set())
                else "sharing" if key in AS_SHARING.get(role, set())
                else "participant" if key in AS_PARTICIPANT.get(role, set())
                else "emergency" if key in AS_EMERGENCY.get(role, set())
                else "auditor" if key in AS_AUDITOR.get(role, set())
                else "department" if key in AS_DEPARTMENT.get(role, set())
                else None
            )  # fmt: skip
            assert (view.role if view else None) == expected, (role, key)
