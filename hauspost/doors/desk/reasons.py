"""Why a mail was judged, held or set aside as it was: the mail room's codes in words."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_WORDS: Mapping[str, Any] = {
    "new": gettext_lazy("it answers no ticket"),
    "our message id": gettext_lazy("it answers our mail"),
    "return path": gettext_lazy("it came to our return path"),
    "signed address": gettext_lazy("it came to our signed address"),
    "known message id": gettext_lazy("it answers a mail of the ticket"),
    "number in the subject": gettext_lazy("the ticket's number stands in its subject"),
    "number elsewhere": gettext_lazy("another system's number of the ticket stands in its subject"),
    "by hand": gettext_lazy("decided by hand"),
    "duplicate": gettext_lazy("the same mail is here already"),
    "bounce": gettext_lazy("a mail server reports a mail as undeliverable"),
    "flood": gettext_lazy("too many mails of one sender"),
    "own mail": gettext_lazy("we sent it ourselves"),
    "marked as spam": gettext_lazy("the mail server marked it as spam"),
    "no intake address": gettext_lazy("no team has this address"),
    "feedback report": gettext_lazy("a complaint report of another mail server"),
    "automatic reply": gettext_lazy("an automatic reply"),
    "auto-submitted": gettext_lazy("an automatic reply"),
    "auto-reply": gettext_lazy("an automatic reply"),
    "report": gettext_lazy("an automatic report"),
    "too_many_parts": gettext_lazy("it has too many parts"),
    "too_deep": gettext_lazy("its parts lie too deep in each other"),
    "headers_too_long": gettext_lazy("its head is too long"),
    "too_many_recipients": gettext_lazy("it has too many recipients"),
    "unreadable": gettext_lazy("it cannot be read"),
    "too_slow": gettext_lazy("reading it takes too long"),
    "too_heavy": gettext_lazy("reading it takes too much memory"),
    "deadly": gettext_lazy("reading it ends the program"),
    "invitation": gettext_lazy("it answers an invitation of the ticket"),
    "internal mail": gettext_lazy("internal mail that this mailbox ignores"),
    "automatic mail": gettext_lazy("automatic mail, which this mailbox does not take by itself"),
    "forged sender": gettext_lazy("its sender is forged"),
    "unknown sender": gettext_lazy("its sender is not known here"),
    "no sender": gettext_lazy("it names no sender (it has no From)"),
    "unknown domain": gettext_lazy("its sender's domain is not known here"),
    "accepted": gettext_lazy("somebody let it in"),
    "passed on by an agent": gettext_lazy("an agent passed it on"),
    "never checked": gettext_lazy("nobody has checked it in time"),
}
_HELD: Mapping[str, Any] = {
    "unconfirmed": gettext_lazy("The sender was written to, but does not take part in this ticket."),
    "unproven": gettext_lazy("The sender could not be proven."),
    "verification": gettext_lazy("It looks like a sign-up or verification mail."),
    "no token": gettext_lazy("It carries no proof that it answers a mail of ours."),
    "no right": gettext_lazy("The sender may not answer in this ticket."),
    "automatic": gettext_lazy("It is an automatic mail."),
    "encrypted": gettext_lazy("It came encrypted. Once released, the requester can read it in clear."),
    "commands off": gettext_lazy("Its first lines are commands, which this team does not take; the sender was told."),
    "unclear command": gettext_lazy("One of its commands was not understood; the sender was told."),
}
# What stands behind a reason, where it is always the same.
_DETAILS: Mapping[str, Any] = {
    "it names no mail of ours": gettext_lazy("it names no mail of ours"),
    "set one up for a team, then try again": gettext_lazy("set one up for a team, then try again"),
    "it names this address neither in To nor in Cc": gettext_lazy("it names this address neither in To nor in Cc"),
}
_RULES: Mapping[str, Any] = {
    "a reply did not arrive": gettext_lazy("a reply did not arrive"),
    "a mail came back": gettext_lazy("a mail came back"),
    "its time has come": gettext_lazy("its time has come"),
    "never checked": gettext_lazy("nobody has checked it in time"),
    "retention": gettext_lazy("retention"),
}
_MENTIONS = re.compile(r"mentions #(\d+)")


def because(code: str) -> str:
    """The reason of a disposition; a code without words is shown as it stands."""
    found = _MENTIONS.fullmatch(code)
    if found:
        return _("new, it mentions #%(number)s") % {"number": found[1]}
    return str(_WORDS.get(code, code))


def held_because(code: str) -> str:
    """Why only the desk sees a mail."""
    return str(_HELD.get(code, _("It could not be filed as an answer: %(code)s.") % {"code": code}))


def in_detail(detail: str) -> str:
    """What a disposition adds to its reason, in words: why an answer is held, say; the rest as it stands."""
    held, is_held, code = detail.partition("held: ")
    if is_held and not held:
        return _("held: %(reason)s") % {"reason": held_because(code)}
    return str(_DETAILS.get(detail, detail))


def rule_in_words(name: str) -> str:
    """The name of a rule of the house; one that somebody made has its own."""
    return str(_RULES.get(name, name))
