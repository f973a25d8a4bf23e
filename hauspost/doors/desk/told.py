"""What a mail tells besides its words, for its entry: how its sender was proven, a signature, the dates in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hauspost.doors.ui.formats import day, plain_name, size, when
from hauspost.ground.mail.sealed_words import reason_in_words, signature_in_words

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """One sign beside an entry: its colour, symbol and words, and what there is to say on a closer look."""

    colour: str
    symbol: str
    words: str
    more: str = ""


@dataclass(frozen=True)
class Date:
    """One event of a calendar in the mail, in the reader's language and zone."""

    title: str
    times: str
    place: str
    organiser: str
    kind: str
    answers: str
    is_cancelled: bool


def marks_of(evidence: Evidence, names: Mapping[str, str] | None = None) -> list[Mark]:
    """What is known of the mail that brought an entry; nothing where nobody looked. `names`: people's, by uid."""
    found = [
        _forwarded(evidence, names or {}),
        _sender(evidence),
        _pretence(evidence.get("pretences", ())),
        _signature(evidence.get("signature")),
        _sealed(evidence),
        _too_big(evidence),
        _shortened(evidence),
    ]
    return [mark for mark in found if mark is not None]


def _forwarded(evidence: Evidence, names: Mapping[str, str]) -> Mark | None:
    """Who passed it on for its sender, and when it was written (P30)."""
    if not evidence.get("forwarded_by"):
        return None
    # Older entries hold the name.
    name = names.get(evidence["forwarded_by"]) or evidence.get("forwarded_name", "")
    words = _("Forwarded by %(name)s") % {"name": name}
    sent = _moment(str(evidence.get("sent_at", "")))
    if isinstance(sent, datetime):
        words = _("Forwarded by %(name)s, sent on %(when)s") % {
            "name": name,
            "when": when(sent),
        }
    return Mark("", "forward", words)


def _sender(evidence: Evidence) -> Mark | None:
    """The mail server's word on the sender, or our own (S7)."""
    methods = [name for name in ("spf", "dkim", "dmarc", "auth") if name in evidence]
    if not methods:
        return None
    who = evidence.get("by", "")
    details = ", ".join(_found(name, str(evidence[name])) for name in methods)
    more = f"{details} ({_('checked here') if who == 'us' else who})"
    if evidence.get("dmarc") == "pass" or evidence.get("aligned") or evidence.get("auth") == "pass":
        return Mark("green", "shield-check", _("Sender confirmed"), more)
    if evidence.get("dmarc") == "fail" or (evidence.get("spf"), evidence.get("dkim")) == ("fail", "fail"):
        return Mark("red", "shield-alert", _("Sender possibly forged"), more)
    return Mark("", "shield-question-mark", _("Sender not confirmed"), more)


def _found(method: str, result: str) -> str:
    """What a method found (RFC 8601 section 2.7), for people; what no standard knows stays as the server wrote it."""
    words = {
        "pass": pgettext("sender check", "passed"),
        "fail": pgettext("sender check", "failed"),
        "softfail": pgettext("sender check", "failed softly"),
        "neutral": pgettext("sender check", "says nothing"),
        "none": pgettext("sender check", "not there"),
        "policy": pgettext("sender check", "does not count"),
        "temperror": pgettext("sender check", "could not be asked"),
        "permerror": pgettext("sender check", "cannot be read"),
    }
    found = words.get(result.lower(), result)
    if method == "auth":
        return _("signed in at the mail server: %(found)s") % {"found": found}
    return f"{method.upper()} {found}"


def _pretence(found: Sequence[Sequence[str]]) -> Mark | None:
    """A sender who only looks like somebody else (S26); the first word is the gravest, the rest is told on a look."""
    words = [_pretence_words(kind, shown) for kind, shown in found]
    return Mark("red", "shield-alert", words[0], " · ".join(words[1:])) if words else None


def _pretence_words(kind: str, shown: str) -> str:
    return {
        "like_domain": _("The sender's domain only resembles %(domain)s") % {"domain": shown},
        "other_address": _("The sender's name shows another address: %(address)s") % {"address": plain_name(shown)},
        "mixed_letters": _("The sender's name mixes alphabets: %(word)s") % {"word": plain_name(shown)},
    }.get(kind, _("The sender's name hides characters"))


def _signature(signature: Evidence | None) -> Mark | None:
    """An S/MIME or PGP signature, and what it is worth (P22.5)."""
    if not signature:
        return None
    state = str(signature.get("state", ""))
    who = signature.get("signer_name") or signature.get("signer_address") or _("somebody unknown")
    more = [str(signature[key]) for key in ("signer_address", "issuer") if signature.get(key)]
    words = signature_in_words(state, who)
    colour, symbol = {"valid": ("green", "badge-check"), "broken": ("red", "badge-alert")}.get(
        state, ("amber", "badge-question-mark")
    )
    if state == "valid" and not signature.get("matches_sender"):
        colour, symbol = "red", "badge-alert"
        words = _("Signed by %(who)s, not by the sender") % {"who": who}
    elif not signature.get("covers_all", True):
        more.append(_("it covers only a part of what is shown"))
    more.append(reason_in_words(str(signature.get("reason", ""))))
    return Mark(colour, symbol, words, " · ".join(text for text in more if text))


def _sealed(evidence: Evidence) -> Mark | None:
    """Whether it came encrypted, and what stayed closed."""
    kind = str(evidence.get("decrypted", ""))
    why = reason_in_words(str(evidence.get("sealed", "")))
    if kind:
        kinds = {"smime": "S/MIME", "pgp": "PGP"}
        more = [str(evidence.get("sealed_subject", "")), why]
        if evidence.get("desk_only"):
            more.append(_("The requester does not see it: nobody signed inside that it is the sender’s own."))
        words = _("Came encrypted (%(kind)s)") % {"kind": kinds.get(kind, kind)}
        return Mark("", "lock-open", words, " · ".join(text for text in more if text))
    return Mark("amber", "lock", why) if why else None


def _too_big(evidence: Evidence) -> Mark | None:
    """The files of a mail over its mailbox's limit stay where they are (P36.1)."""
    if not evidence.get("too_big"):
        return None
    words = _("Too big (%(size)s): its files are only in the original mail") % {"size": size(evidence["too_big"])}
    if evidence.get("left_on_server"):
        words = _("Too big (%(size)s): its files were left in the mailbox") % {"size": size(evidence["too_big"])}
    return Mark("amber", "file-warning", words)


def _shortened(evidence: Evidence) -> Mark | None:
    """Of endless words only the beginning is shown (S19)."""
    if not evidence.get("shortened"):
        return None
    return Mark("amber", "file-text", _("Only the beginning is shown; the whole text is among the files"))


def dates_of(evidence: Evidence) -> list[Date]:
    """The events of the calendars in a mail."""
    return [_date(one) for one in evidence.get("events", ())]


def _date(one: Evidence) -> Date:
    return Date(
        title=one.get("title") or _("(no title)"),
        times=_span(one.get("start", ""), one.get("end", "")),
        place=one.get("place", ""),
        organiser=one.get("organiser", ""),
        kind=_kind(one),
        answers=", ".join(_answer(*answer) for answer in one.get("answers", ())),
        is_cancelled=bool(one.get("is_cancelled")),
    )


def _kind(one: Evidence) -> str:
    if one.get("is_cancelled"):
        return _("Cancelled")
    return {"REQUEST": _("Invitation"), "REPLY": _("Answer to an invitation"), "COUNTER": _("Other date proposed")}.get(
        one.get("method", ""), _("Date")
    )


def _answer(address: str, answer: str) -> str:
    words = {
        "ACCEPTED": _("accepts"),
        "DECLINED": _("declines"),
        "TENTATIVE": _("may come"),
        "DELEGATED": _("delegates"),
    }
    return f"{address}: {words.get(answer, _('has not answered'))}"


def _span(start: str, end: str) -> str:
    """From when to when, in the reader's zone; whole days without a time."""
    first, last = _moment(start), _moment(end)
    if first is None:
        return ""
    if not isinstance(first, datetime):
        return day(first) if last is None or last == first else f"{day(first)} – {day(last)}"
    if not isinstance(last, datetime):
        return when(first)
    same = day(first) == day(last)
    return f"{when(first)} – {when(last).rpartition(', ')[2] if same else when(last)}"


def _moment(text: str) -> datetime | date | None:
    try:
        moment = parse_datetime(text) if len(text) > 10 else None
        on = parse_date(text) if moment is None else None
    except ValueError:
        return None
    if moment is None:
        return on
    # A time without a zone counts where the reader is.
    return moment if moment.tzinfo is not None else make_aware(moment, get_current_timezone())
