"""Whether a mail comes from a mail system at all: a person who asks about a returned mail is none."""

import re

from ._headers import Headers

_DAEMON = re.compile(
    r"mailer[-_ ]?daemon|mail ?daemon|\bmdaemon\b|mail deliver|mail\.?delivery|delivery (?:sub)?system|undeliver|"
    r"\bmmdf\b|"
    r"microsoft ?exchange\b|ndr administrator|internet mail delivery",
    re.IGNORECASE,
)
# People write under these names too; such a sender must also have something to report.
_ROLE = re.compile(
    r"post_?master|\bbounces?\b|mail ?system|system administrator|mail ?administrator|\bdaemon\b|\bmta\b|"
    r"\badministrator@|"
    r"mail ?(?:gateway|server|service)|"
    r"smtp[-_ .]|antivirus|complaints@|no-?reply@",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|not (?:be )?deliver|deliver(?:y|ing|ed)|returned|return(?:ing|ed)?:? mail|mail.{0,20}fail|"
    r"fail(?:ed|ure)|bounce|non-?remis|unzustellbar|could not be|cannot be|can't be|non recapitabile|"
    r"no se (?:ha )?pud|"
    r"n[ãa]o entregue|kan niet|niezwr[óo]c|nedoru|rejected|nicht zugestellt|mail (?:system )?error|mail error|warning|"
    r"nondeliver|non-deliver|error|blocked|not (?:a )?member|notify:|недоставлен|не доставлен|"
    r"不达|退信|送達|配信|delayed|zustell|rückl|échec|mislukt|erreur|dsn|user unknown|unknown (?:user|address)|problem|"
    r"niet bezorgd|onbestelbaar|niedoręcz|nie dostarcz|iletilemedi|teslim edilemedi|ikke leveres|toimittaminen|"
    r"hängande|olevererbar|non consegnat|mancata consegna|entrega",
    re.IGNORECASE,
)
# Of these only returned mail speaks; of errors and problems, alarms do as well.
_SUBJECT_OF_RETURNED = re.compile(
    r"undeliver|non-?deliver|not (?:be )?deliver|"
    r"deliver\w{0,20}[ :-]{1,3}(?:fail|status|error|notif|problem|report|delay)|"
    r"(?:mail|message)\W.{0,20}fail|fail\w{0,20} (?:mail|deliver|notice)|returned|returning|bounce|non-?remis|"
    r"unzustellbar|"
    r"nicht zugestellt|rückl|zustell|échec de|no se (?:ha )?pud|n[ãa]o entregue|non consegnat|mancata consegna|"
    r"niet bezorgd|onbestelbaar|niedoręcz|nedoru|недоставлен|не доставлен|不达|退信|送達|配信|teslim edilemedi|"
    r"iletilemedi|olevererbar|ikke leveres|mail (?:system )?error|user unknown",
    re.IGNORECASE,
)
# What only mail systems write.
_REPORTED = re.compile(
    r"(?:could|can|was|were|has|have) ?(?:not|n't|n[o']t) (?:be |been )?(?:deliver|reach|sent)|undeliver|"
    r"deliver\w{0,20} (?:has )?fail|fail\w{0,20} to deliver|requested action|(?:user|recipient) unknown|"
    r"no such (?:user|"
    r"recipient)|"
    r"unable to deliver|delivery (?:error|problem|notification|status)|following (?:recipient|address)|"
    r"permanent (?:fatal )?(?:error|failure)|"
    r"(?<![\d.])[45]\d\d[ -]{1,2}#?[45]\.\d\.\d|rcpt to|returned to sender|bouncedrecipients|final-recipient|"
    r"not a member of|not allowed to post|automatically rejected|送信でき|配信でき|配送でき|no valid recipients|"
    r"nicht zugestellt|not been delivered|rejected by|refused by",
    re.IGNORECASE,
)
_ANSWERED_OR_PASSED_ON = re.compile(
    r"\s{0,5}(?:re|aw|antw|sv|vs|fwd?|wg|tr|rv|i|doorst|enc|pd|rif|odp|ynt)\s{0,3}(?:\[\d{1,3}\])?\s{0,3}:",
    re.IGNORECASE,
)


# Headers that programs for people leave; old mail systems, whose reports bear no mark, never write them.
_OF_PEOPLE = ("user-agent", "thread-index", "x-gm-message-state", "x-mimeole", "in-reply-to")
_MAILERS_OF_PEOPLE = re.compile(
    r"outlook|apple|iphone|ipad|android|thunderbird|mozilla|notes|evolution|kmail|mutt|the bat|eudora|zimbra|"
    r"roundcube|"
    r"horde|squirrel|open-xchange|airmail|em client|groupwise|samsung|webmail|yahoo|office|mailbird|becky|foxmail",
    re.IGNORECASE,
)
_RETURN_PATH = re.compile(r"(?:^|[<\s,.+_=-])(?:bounces?|returns?|verp)(?:[+._=-]|@)", re.IGNORECASE)


def is_from_a_machine(headers: Headers, sender: str, subject: str, return_path: str | None, text: str) -> bool:
    """Whether a report may be read out of a mail's words; with less evidence from its sender it takes more from them.

    A person's mail "cannot be delivered, please help", or a report passed on, must stay a mail to the desk.
    """
    if headers.has("x-failed-recipients") or (return_path is not None and "mailer-daemon" in return_path.lower()):
        return True
    if is_from_a_daemon(sender):
        return True
    is_role = not sender.strip(" <>") or bool(_ROLE.search(sender))
    if is_role and _SUBJECT_OF_RETURNED.search(subject):
        return True
    tells = bool(_SUBJECT.search(subject))
    if tells and headers.first("content-type").lower().startswith(b"multipart/report"):
        return True
    # Vacation programs use the null path as well.
    is_nobodys = is_role or return_path == ""
    is_reported = (tells or is_nobodys) and bool(_REPORTED.search(text[:20_000]))
    if not is_reported or is_nobodys or _bears_marks(headers):
        return is_reported
    # Without any mark, neither an answer, nor what was passed on, nor what a program for people wrote.
    is_of_people = any(headers.has(name) for name in _OF_PEOPLE) or _MAILERS_OF_PEOPLE.search(headers.text("x-mailer"))
    return (headers.has("precedence") or not is_of_people) and not _ANSWERED_OR_PASSED_ON.match(subject)


def is_from_a_daemon(sender: str) -> bool:
    """Whether nobody but a mail system writes under this name."""
    return bool(_DAEMON.search(sender))


def _bears_marks(headers: Headers) -> bool:
    """What people's mail programs do not write, or a mail written to a return path."""
    submitted = headers.text("auto-submitted").lower()
    return (bool(submitted) and not submitted.startswith("no")) or bool(_RETURN_PATH.search(headers.text("to")))
