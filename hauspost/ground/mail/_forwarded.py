"""Mails that somebody passes on for somebody else: whose they really are, and what that person wrote (P30)."""

import re
from dataclasses import dataclass
from datetime import datetime

from hauspost.ground.text.forwards import Passed, passed_on_in_html, passed_on_in_text
from hauspost.ground.text.plain import text_of_html

from ._addresses import Mailbox, read_mailboxes
from ._dates_in_words import moment_in_words
from ._subjects import bare_subject, is_answer, is_forward

_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,64}@[^\s<>()\[\]:;,\"'@]{1,253}")
# "Ada <ada@x.org<mailto:ada@x.org>>" and "Ada [mailto:ada@x.org]", as Outlook writes addresses into text.
_TWICE = re.compile(r"<([^\s<>]{3,320})<mailto:[^<>]{3,400}>{1,2}", re.IGNORECASE)
_LINKED = re.compile(r"[\[<(](?:mailto:)([^\s\[\]<>()]{3,320})[\]>)]", re.IGNORECASE)
# "Von: Sekretariat <sek@x.org> im Auftrag von Ada Brand"
_BEHALF = re.compile(
    r"\b(?:im auftrag von|on behalf of|de la part de|en nombre de|por cuenta de|per conto di|namens|w imieniu|"
    r"em nome de)\b",
    re.IGNORECASE,
)
_MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that was passed on: its sender and what its header says, the words above it, and its own words."""

    sender: Mailbox
    # Without a zone where the header names none and the mail that passed it on tells none.
    date: datetime | None = None
    subject: str = ""  # without "WG:", "Fwd:" …
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    text_above: str = ""
    html_above: str = ""
    text: str = ""
    html: str = ""
    is_attached: bool = False  # as a file of the mail, not within its words
    message_id: str = ""  # known of an attached one


@dataclass(frozen=True, slots=True)
class Found:
    """What is certain, or else at most one address to be asked about (P30.3)."""

    forwarded: Forwarded | None = None
    hint: str = ""


def find_forwarded(*, subject: str, text: str, html: str, is_marked: bool, sent: datetime | None) -> Found:
    """The mail passed on within the words of another one; `sent` gives the zone in which its date was written.

    Certain is a header with a sender's address below "Forwarded message", or under a subject that says so.
    """
    if is_answer(subject) and not is_marked:
        return Found()
    passed = passed_on_in_text(text)
    in_html = passed_on_in_html(html) if html else None
    passed, in_html = _agreeing(passed, in_html)
    if passed is None:
        return Found(hint=_only_address(text)) if is_forward(subject) else Found()
    if not (is_forward(subject) or passed.is_marked):
        return Found()
    sender = _person(passed.header.get("from", "")) or (_person(in_html.header.get("from", "")) if in_html else None)
    if sender is None:
        return Found(hint=_only_address(text))
    header = passed.header
    return Found(
        Forwarded(
            sender=sender,
            date=moment_in_words(header.get("date", ""), sent),
            subject=bare_subject(header.get("subject", "")) or bare_subject(subject),
            to=_people(header.get("to", "")),
            cc=_people(header.get("cc", "")),
            text_above=passed.above,
            html_above=in_html.above if in_html else "",
            text=passed.body,
            html=in_html.body if in_html else "",
        )
    )


def is_passed_on(subject: str, words: str, inner_subject: str) -> bool:
    """Whether a mail among the files is what the whole mail is about, rather than one of its files."""
    return not words.strip() or is_forward(subject) or bare_subject(subject) == bare_subject(inner_subject)


def _agreeing(passed: Passed | None, in_html: Passed | None) -> tuple[Passed | None, Passed | None]:
    """Text and HTML as one finding; where the text has none, the HTML's own text stands for it."""
    if passed is None and in_html is not None:
        return Passed(
            text_of_html(in_html.above), in_html.header, text_of_html(in_html.body), in_html.is_marked
        ), in_html
    return passed, in_html


def _only_address(text: str) -> str:
    found = {hit.lower().rstrip(".") for hit in _ADDRESS.findall(text[:100_000])}
    return found.pop() if len(found) == 1 else ""


def _plain(value: str) -> str:
    value = _TWICE.sub(r"<\1>", value)
    return _LINKED.sub(lambda hit: "" if f"<{hit.group(1)}>" in value else f"<{hit.group(1)}>", value).replace("*", "")


def _person(value: str) -> Mailbox | None:
    """The one person of a header in words; None where it names none or several by address."""
    value = _plain(value)
    writer, _, other = _BEHALF.sub("\0", value, count=1).partition("\0")
    people = _people(other) or _people(writer)
    if len({box.address.lower() for box in people}) != 1:
        return None
    name = people[0].name.strip(" \t\"'") or (other if "@" not in other else "")
    return Mailbox(name=" ".join(name.split()), address=people[0].address)


def _people(value: str) -> tuple[Mailbox, ...]:
    """People of a header in words; those without an address are left out."""
    found = read_mailboxes([_plain(value)[:50_000].encode("utf-8", "replace")], "utf-8")
    return tuple(dict.fromkeys(box for box in found[:_MOST_PEOPLE] if _ADDRESS.fullmatch(box.address)))
