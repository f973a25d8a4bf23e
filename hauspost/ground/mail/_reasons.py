"""Why a mail was not delivered, read from codes and words: for good, for now, or given up after days."""

import re
from dataclasses import dataclass

from ._reason_words import RANKS, UNKNOWN_BY_REFUSAL, UNKNOWN_FOR_SURE, UNKNOWN_PERHAPS, Reason

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
# "550 5.1.1", "550-'5.2.2": the reply of the server that refused, which a report may only quote.
_REPLY_STATUS = re.compile(r"(?<![\d.])[245]\d\d[ :'\"#(-]{1,4}([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY_CODE = re.compile(r"(?<![\d.,:/-])([45]\d\d)(?=[ :-])(?![ -]\d{2}:)")
_NEXT_REPLY = re.compile(r"\s*(?:<<<|>>>|\d{3} |in:|out:)", re.IGNORECASE)

# What a word must not come from: links, addresses, hosts, numbers, and the codes that go on at each line of a reply.
_LINKS = re.compile(r"https?://\S{1,500}|www\.\S{1,300}")
_ADDRESSES = re.compile(r"[\"'<(\[]{0,2}[^\s<>()\[\]\"',;:]{1,200}@[^\s<>()\[\]\"',;:]{1,250}[\"'>)\]]{0,2}")
_HOSTS = re.compile(
    r"(?<![\w.-])(?:[a-z0-9_-]{1,63}\.){1,8}(?:com|net|org|edu|gov|mil|int|info|biz|[a-z]{2}|example|test|local|"
    r"invalid)\b\.?"
)
_CODES = re.compile(
    r"(?<![\d.])(?:[245]\d\d[ -]{1,2}#?)?[245]\.\d{1,3}\.\d{1,3}(?![\d.])|(?<![\w.])[245]\d\d(?:-|(?= ))"
)
_MARKS = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', " ": " "})

# At which of our commands the other server said no, as programs tell it.
_RCPT_PROVEN = re.compile(
    r"need rcpt|rcpt first|no valid recipients|valid rcpt|recipient address rejected|rejected recipient"
)
_STAGES = re.compile(
    r"(?P<data>end of data|final data|reply to data|after data|data command|>>> ?data|\[body\]|"
    r"after i sent the message|"
    r"smtp command data|failed on data|[45]\d\d[ -]: )|"
    r"(?P<rcpt>reply to rcpt|after (?:pipelined )?rcpt|rcpt command|rcpt to command|>>> ?rcpt to|<<< ?rcpt to|"
    r"\[rcpt_to\]|our rcpt to|"
    r"does not like recipient|sent: rcpt to|rcpt to response|smtp:rcpt|rejected (?:the )?address|in: rcpt to|"
    r"\(state 14\)|"
    r"rejected recipient)|"
    r"(?P<mail>reply to mail|after (?:pipelined )?mail|mail from command|our mail from|\[mail_from\]|"
    r"sender was rejected|>>> ?mail from|"
    r"after size=)|"
    r"(?P<connect>initial connection|reply to (?:ehlo|helo|initial)|after (?:ehlo|helo|starttls|banner)|"
    r"refused to talk to)"
)
_STILL_TRYING = re.compile(
    r"warning (?:message )?only|will (?:be retried|continue|keep|try)|still (?:being|trying|awaiting|in the queue)|"
    r"(?:has been|is|was) delayed|do not need to resend|not yet been delivered|delivery (?:has been )?delayed|"
    r"\(delay\)|delayed mail|"
    r"no action is required|keep trying|could not be delivered (?:yet|immediately)|temporary failure report|"
    r"nicht sofort|verzögert|"
    r"retard[ée]|retrasad|in ritardo|vertraagd|opóźni|zpožděn|задерж|遅延|gecikti"
)
# The other server was reached and said no, for another reason than that it did not answer in time.
_ANSWERED = re.compile(
    r"(?:said|responded|response was|replied|reply was|returned was|<<<|>>>|"
    r"smtp;)[:; ]{0,3}[\"'(]?[45]\d\d[ -](?!.{0,20}(?:timed out|refused|unreachable))"
)

_OF_STATUS = {
    "1.1": Reason.UNKNOWN_USER,
    "1.2": Reason.UNKNOWN_HOST,
    "1.3": Reason.UNKNOWN_USER,
    "1.6": Reason.MOVED,
    "1.7": Reason.SENDER,
    "1.8": Reason.SENDER,
    "1.10": Reason.UNKNOWN_USER,
    "1.351": Reason.UNKNOWN_USER,
    "2.1": Reason.DISABLED,
    "2.2": Reason.FULL,
    "2.3": Reason.TOO_BIG,
    "3.1": Reason.FULL,
    "3.2": Reason.NO_MAIL,
    "3.4": Reason.TOO_BIG,
    "4.1": Reason.EXPIRED,
    "4.2": Reason.EXPIRED,
    "4.4": Reason.UNKNOWN_HOST,
    "4.6": Reason.NETWORK,
    "4.7": Reason.EXPIRED,
    "5.3": Reason.RATE,
    "7.13": Reason.DISABLED,
}
_OF_FAMILY = {"3": Reason.SYSTEM, "4": Reason.NETWORK, "5": Reason.SYSTEM, "6": Reason.SPAM, "7": Reason.POLICY}
_OF_CODE = {"521": Reason.NO_MAIL, "556": Reason.NO_MAIL, "552": Reason.FULL, "551": Reason.MOVED}
_STATUS_OF = {
    Reason.UNKNOWN_USER: "1.1",
    Reason.UNKNOWN_HOST: "1.2",
    Reason.MOVED: "1.6",
    Reason.NO_MAIL: "1.10",
    Reason.DISABLED: "2.1",
    Reason.FULL: "2.2",
    Reason.TOO_BIG: "3.4",
    Reason.SENDER: "1.8",
    Reason.NETWORK: "4.0",
    Reason.EXPIRED: "4.7",
    Reason.SPAM: "7.1",
    Reason.POLICY: "7.1",
    Reason.AUTHENTICATION: "7.1",
}
# Statuses that blame the address itself; then only another wording can say otherwise.
_OF_ADDRESS = (Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.MOVED)
_SUCCESSES = ("delivered", "relayed", "expanded")


@dataclass(frozen=True, slots=True)
class Told:
    """What a report tells of one recipient: the fields, what stands next to the address, and all its words."""

    action: str = ""
    status: str = ""
    diagnostic: str = ""
    about: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the mail for one recipient, the status that fits best, why, and whether the address is wrong."""

    action: str
    status: str
    reason: Reason
    is_hard: bool


def judge(told: Told) -> Judgement:
    """Weigh fields and words: the status, the command that was refused and the wording must not contradict."""
    status = best_status(told)
    if told.action in _SUCCESSES or told.status.lstrip().startswith("2."):
        return Judgement(told.action if told.action in _SUCCESSES else "delivered", status, Reason.UNSAID, False)
    texts = (_plain(text) for text in (told.diagnostic, _first_reply(told.about), told.about, told.words))
    said, reason = next(((text, why) for text in texts if (why := reason_in(text))), ("", Reason.UNSAID))
    reason = _weighed(reason, said, status, told)
    action = _action(told, status, reason)
    is_hard = action == "failed" and (
        reason in (Reason.UNKNOWN_USER, Reason.MOVED)
        or (reason in (Reason.UNKNOWN_HOST, Reason.NO_MAIL) and not status.startswith("4"))
    )
    return Judgement(action, status or _derived(reason, action), reason, is_hard)


def best_status(told: Told) -> str:
    """The enhanced status (RFC 3463) that says most: of the reply itself, of the report's field, of the words."""
    replies: list[str] = _REPLY_STATUS.findall((told.diagnostic or told.about)[:4000])
    in_field, in_reply = status_in(told.status), status_in(told.diagnostic or told.about)
    for status in (*reversed(replies), in_field, in_reply):
        if status and not status.endswith(".0.0"):
            return status
    in_words: list[str] = _REPLY_STATUS.findall(told.words[:6000])
    return in_field or in_reply or (in_words[-1] if in_words else "")


def status_in(text: str) -> str:
    """The first enhanced status code of a text that says more than "5.0.0", else the first, else ""."""
    found = _STATUS.findall(text[:20_000])
    telling = [code for code in found if not code.endswith(".0.0")]
    return telling[0] if telling else found[0] if found else ""


def reason_in(text: str) -> Reason:
    """What a text that `_plain` has prepared gives as the reason."""
    for rank in RANKS:
        found = [
            (hit.start(), place, reason)
            for place, (reason, wording) in enumerate(rank)
            if (hit := wording.search(text))
        ]
        if found:
            return min(found)[2]
    return Reason.UNSAID


def _weighed(reason: Reason, said: str, status: str, told: Told) -> Reason:
    """The reason that status, reply code and wording agree on."""
    subject, _, detail = status[2:].partition(".")
    by_status = _OF_STATUS.get(f"{subject}.{detail}", Reason.UNSAID)
    if by_status is Reason.FULL:
        return Reason.FULL
    names_unknown = bool(UNKNOWN_FOR_SURE.search(said) or UNKNOWN_PERHAPS.search(said))
    if by_status in _OF_ADDRESS:
        if by_status is Reason.UNKNOWN_HOST and reason is Reason.NETWORK:
            return reason
        if reason in (Reason.UNSAID, Reason.SYSTEM, Reason.EXPIRED, Reason.NO_MAIL, *_OF_ADDRESS):
            return _confirmed(by_status, status, said, told)
        is_told_apart = reason in (Reason.FULL, Reason.RATE, Reason.SENDER, Reason.FILTERED, Reason.TOO_BIG)
        return by_status if (names_unknown and not is_told_apart) or reason is Reason.DISABLED else reason
    if reason is Reason.UNKNOWN_USER:
        return reason if _is_proven(said, told, is_doubted=bool(by_status)) else by_status or Reason.FILTERED
    return reason or by_status or _OF_CODE.get(_code(told), Reason.UNSAID) or _OF_FAMILY.get(subject, Reason.UNSAID)


def _confirmed(by_status: Reason, status: str, said: str, told: Told) -> Reason:
    """Exchange Online's 5.1.351 only passes on what another server said, perhaps after it had heard the whole mail."""
    if status.endswith(".1.351") and _stage(told) == "data" and not UNKNOWN_FOR_SURE.search(said):
        return Reason.FILTERED
    return by_status


def _is_proven(said: str, told: Told, *, is_doubted: bool) -> bool:
    """Whether "user unknown", without a status that says so, is about the address.

    Some servers answer so after they have heard the whole letter, when a filter of the recipient's refuses it: the
    address lives. What proves it: a sentence, the refused command, or that the reply names the address and the
    status does not tell another story.
    """
    if UNKNOWN_FOR_SURE.search(said):
        return True
    stage = _stage(told)
    names_it = "@" in _reply(told) or bool(UNKNOWN_BY_REFUSAL.search(said))
    return stage == "rcpt" or (names_it and not stage and not is_doubted)


def _first_reply(about: str) -> str:
    """The first reply of a server that a report quotes, with the lines it goes on over."""
    lines = about.split("\n")
    first = next((number for number, line in enumerate(lines) if _REPLY_CODE.search(line)), len(lines))
    reply = lines[first : first + 1]
    for line in lines[first + 1 : first + 8]:
        if not line.strip() or _NEXT_REPLY.match(line):
            break
        reply.append(line)
    return " ".join(reply)


def _reply(told: Told) -> str:
    """The reply of the other server alone: what follows its code."""
    text = " ".join((told.diagnostic or told.about)[:4000].split())
    code = _REPLY_CODE.search(text)
    return text[code.end() :] if code else ""


def _stage(told: Told) -> str:
    """ "connect", "mail", "rcpt", "data", or "" where the report does not tell."""
    for text in (told.diagnostic, told.about, told.words):
        text = " ".join(text[:8000].lower().split())
        if _RCPT_PROVEN.search(text):
            return "rcpt"
        found = _STAGES.search(text)
        if found:
            return found.lastgroup or ""
    return ""


def _code(told: Told) -> str:
    found = _REPLY_CODE.search(told.diagnostic or told.about[:2000])
    return found.group(1) if found else ""


def _action(told: Told, status: str, reason: Reason) -> str:
    """What became of the mail: what the report states, corrected by what it tells."""
    words = told.words[:8000].lower()
    if told.action.startswith("delay") or (not told.action and _STILL_TRYING.search(words)):
        return "delayed"
    return "expired" if _is_expired(status, reason, told) else "failed"


def _is_expired(status: str, reason: Reason, told: Told) -> bool:
    """Whether nobody refused the mail: the other server was not reached until the time was up."""
    if reason not in (Reason.EXPIRED, Reason.NETWORK, Reason.SYSTEM, Reason.UNSAID):
        return False
    if status[2:] == "4.7" or status in ("4.4.1", "4.4.2", "5.4.1"):
        return True
    if reason is not Reason.EXPIRED or (status.startswith("5") and status != "5.0.0"):
        return False
    told_all = " ".join(f"{told.diagnostic} {told.about} {told.words}"[:8000].lower().split())
    return status.startswith("4.4") or not _ANSWERED.search(told_all)


def _derived(reason: Reason, action: str) -> str:
    """A status for a report that gives none, from what it says; "" where it says too little."""
    detail = _STATUS_OF.get(reason)
    temporary = action == "delayed" or reason in (Reason.EXPIRED, Reason.RATE)
    return f"{4 if temporary else 5}.{detail}" if detail else ""


def _plain(text: str) -> str:
    """The words alone, in lower case, so that no address, host or link speaks for the server."""
    text = " ".join(text[:4000].translate(_MARKS).lower().split())
    text = _ADDRESSES.sub(" @ ", _LINKS.sub(" ", text))
    return " ".join(_CODES.sub(" ", _HOSTS.sub(" ", text)).split())
