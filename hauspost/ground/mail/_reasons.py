"""Why a mail was not delivered, read from codes and words: for good, for now, or given up after days."""

import re

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])(?=[ -])")

_NO_SUCH_USER = re.compile(
    r"user ?(?:is )?unknown|unknown (?:user|recipient|address|local|mailbox|account|email|e-mail)|no such (?:user|"
    r"person|recipient|mailbox|address|account|"
    r"email|local)|no mailbox|mailbox (?:not found|does not exist|unknown|name not allowed)|(?:user|recipient|"
    r"address|account|mailbox|addressee|e-?mail address)[^.\n]{0,60}"
    r"(?:not found|n[o']t exist|not exist|unknown|is not known|not listed|not valid|is invalid|wasn.t found|"
    r"couldn.t be found|could not be found)|"
    r"invalid (?:user|recipient|mailbox|address|local)|(?:not|isn.t) a (?:known|valid) (?:user|mailbox|recipient|"
    r"address)|not listed in|does(?:n.t| not) exist|"
    r"doesn.t have an? \S{1,30} ?account|does not have an? \S{1,30} ?account|no account (?:by|with) |"
    r"bad destination (?:mailbox|email)|unrouteable address|recipientnotfound|"
    r"recipient not found|address lookup failed|check if (?:the )?address is correct|not our customer|"
    r"no valid recipients|no users? here|not known here|can.t find|undeliverable address|"
    r"user (?:not found|account (?:is )?not)|not a valid|account (?:has been )?(?:deleted|removed|closed|terminated)|"
    r"inactive user|user is inactive|no longer (?:valid|available|exists|with|an employee)|"
    r"送信先メールアドレスが見つからない|無効なアドレス|ユーザが存在|unbekannt|"
    r"inconnu|desconocid|not exist|unknown or illegal alias|"
    r"invalid address|no such",
    re.IGNORECASE,
)
_NO_SUCH_HOST = re.compile(
    r"host (?:is )?unknown|unknown (?:host|domain)|host (?:or domain name )?not found|"
    r"domain (?:name )?(?:does not exist|not found|unknown)|no such domain|"
    r"unrouteable mail domain|name or service not known|nxdomain|illegal host|couldn.t find any host|no mx|"
    r"bad destination (?:host|system)|domain isn.t|"
    r"name server: host not found|host lookup (?:did not complete|failed)|dns (?:lookup )?(?:error|failure)|"
    r"domain name not found|unable to find host",
    re.IGNORECASE,
)
_MOVED = re.compile(r"has moved|no longer (?:at|uses|valid)|new address|address has changed", re.IGNORECASE)
_FULL = re.compile(
    r"mailbox (?:is )?(?:full|exceeded|size|too large)|(?:over|exceed\w*|out of|disk|storage|"
    r"is full.{0,20}) ?(?:the |its |his |allowed |mail )*quota|quota|is full|insufficient (?:system )?storage|"
    r"too much mail",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"spam|block(?:ed|list)|black ?list|banned|denied|polic(?:y|ies)|reject|too (?:big|large|many)|size (?:limit|"
    r"exceed)|virus|not (?:allowed|permitted)|not accept(?!.{0,6}our requests)|relay|"
    r"dmarc|spf|dkim|authenticat|reputation|listed|greylist|rate limit|disabled|suspended|inactive|not member|tls|"
    r"certificate|loop|too many hops|hop count|syntax|system error|"
    r"resources|content|restricted|permission|unauthorized|security",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"tim(?:ed|e) ?-?out|timeout|retry time|too long|expire|(?:for|after|in) (?:more than |"
    r"the last )?\d+(?:\.\d+)? ?(?:days?|hours?|hour\(s\)|day\(s\))|no route to host|connection refused|"
    r"network (?:is )?unreachable|host (?:is )?(?:unreachable|not reachable|down)|giving up on|lost connection|"
    r"connection (?:was )?(?:lost|dropped|closed|reset|died)|conversation with|"
    r"temporar(?:y|ily)|deferred|unable to connect|cannot connect|can.t connect|couldn.t establish|"
    r"could not (?:connect|be contacted)|not responding|no answer|will be retried|still being (?:retried|tried)|"
    r"socket error|requests to connect|retries|aborted after|given up after|could not find a gateway",
    re.IGNORECASE,
)
# The other server was reached and said no.
_SAID = re.compile(
    r"(?:said|responded|response was|replied|reply was|<<<|>>>|"
    r"smtp;)[:; ]{0,3}[ \n]{0,3}[\"'(]?[45]\d\d[ -](?!.{0,20}(?:timed out|refused|unreachable))",
    re.IGNORECASE,
)
# Said of the sender, or after the whole letter was heard: the recipient is not to blame.
_OF_THE_SENDER = re.compile(
    r"sender (?:address|domain|verif)|domain of sender|mail from command|mail_from|after mail from|after end of data|"
    r"end of data command|smtp command data|"
    r"too many (?:recipients|messages|connections)|preferences|rate limit|<<< 5\d\d.{0,80}unfortunately",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"warning (?:message )?only|will (?:be retried|continue|keep|try)|still (?:being|trying|awaiting|in the queue)|"
    r"(?:has been|is|was) delayed|do not need to resend|not yet been delivered|"
    r"delivery (?:has been )?delayed|\(delay\)|delayed mail|will be retried|no action is required|keep trying|"
    r"could not be delivered (?:yet|immediately)|nicht sofort|verzögert",
    re.IGNORECASE,
)

_HARD = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.1.351", "5.0.911", "5.0.912")


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) of a text that says more than "5.0.0", else the first, else ""."""
    found = [code for code in _STATUS.findall(text[:20_000]) if code[0] in "245"]
    telling = [code for code in found if not code.endswith(".0.0")]
    return telling[0] if telling else found[0] if found else ""


def action_of(action: str, status: str, told: str) -> str:
    """What became of the mail: what the report states, corrected by what it tells."""
    if action in ("delivered", "relayed", "expanded"):
        return action
    if action.startswith("delay") or (not action and _STILL_TRYING.search(told)):
        return "delayed"
    return "expired" if _is_expired(status, told) else "failed"


def _is_expired(status: str, told: str) -> bool:
    """Whether nobody refused the mail: the other server was not reached until the time was up."""
    if status in ("5.4.7", "4.4.7", "4.4.1", "4.4.2", "5.4.1") and not (
        _NO_SUCH_USER.search(told) or _REFUSED.search(told)
    ):
        return True
    if status and status[0] == "5" and status not in ("5.0.0", "5.4.7"):
        return False
    if not status.startswith("4.4") and _SAID.search(told):
        return False
    if _NO_SUCH_USER.search(told) or _NO_SUCH_HOST.search(told) or _FULL.search(told) or _REFUSED.search(told):
        return False
    return bool(_TIME.search(told))


def is_for_good(status: str, told: str) -> bool:
    """Whether the address itself is wrong, and not its mailbox full, the mail too large or the sender unwelcome."""
    if (
        _FULL.search(told)
        or _OF_THE_SENDER.search(told)
        or status.startswith(("5.2.2", "4.2", "4.3", "4.4", "5.1.7", "5.1.8"))
    ):
        return False
    if status in _HARD:
        return True
    if status.startswith("4") and not status.startswith("4.1"):
        return False
    return bool(_NO_SUCH_USER.search(told) or _NO_SUCH_HOST.search(told) or _MOVED.search(told))
