"""Who or what wrote a mail: a person, a machine, a list, or an absent person's mailbox (RFC 3834, and what is sent)."""

import re
from typing import NamedTuple

from ._headers import Headers

_MACHINES = re.compile(
    r"(?:mailer-?daemon|postmaster|mail-?daemon|no-?_?\.?reply|do-?_?not-?_?reply|ne-?pas-?repondre|"
    r"nicht-?antworten|keine-?antwort|bounces?|auto-?(?:reply|responder|mailer)|listserv|majordomo|mdaemon)"
    r"(?:[+_.-]|$)|.*-(?:no-?reply|bounces?)$"
)
# Subjects of out-of-office answers, as their mail programs write them, and of other automatic answers.
_ABSENT = re.compile(
    r"(?:auto(?:matic(?:ally)?|mated)?[ -]?(?:generated )?(?:reply|response|answer)|out[ -]of[ -](?:the[ -])?office|"
    r"out of town|"
    r"away from (?:my|the) (?:office|desk|mail)|on (?:vacation|holiday|annual leave)|vacation (?:reply|response|"
    r"message)|ooo\b|i am away|"
    r"autoreply|auto:|auto-?svar|auto ?reply|(?:e-?mail )?auto ?respon(?:se|der)|"
    r"automatische antwort|abwesenheit|abwesend|(?:ich bin )?(?:nicht im (?:haus|b[üu]ro)|außer haus|im urlaub)|"
    r"urlaubsbenachrichtigung|"
    r"r[ée]ponse automatique|absen(?:ce|t) (?:du bureau|temporaire|de)|message d'absence|notification d'absence|"
    r"absence\b|"
    r"respuesta autom[áa]tica|fuera de (?:la )?oficina|ausencia|ausente|"
    r"risposta automatica|fuori (?:sede|ufficio)|assenza|assente|"
    r"automatisch(?:e)? (?:antwoord|beantwoord|reactie)|afwezig|niet aanwezig|"
    r"automatyczna odpowied[źz]|odpowied[źz] automatyczna|poza biurem|nieobecno|autoodpowied|"
    r"resposta autom[áa]tica|aus[êe]ncia|fora do escrit[óo]rio|"
    r"automatick[áa] odpov[ěe][ďd]|mimo kancel[áa][řr]|nep[řr][íi]tom|"
    r"otomatik (?:yan[ıi]t|cevap)|ofis d[ıi][şs][ıi]nda|"
    r"automatiskt svar|automatisk svar|fr[åa]nvaro|frav[æa]r|ikke på kontoret|ej på kontoret|"
    r"automaattinen vastaus|poissa|"
    r"автоматический ответ|автоответ|автоматична відповідь|нет на месте|отсутств|"
    r"automatikus v[áa]lasz|h[áa]zon k[íi]v[üu]l|r[ăa]spuns automat|automatski odgovor|samodejni odgovor|"
    r"αυτόματη απάντηση|εκτός γραφείου|自動応答|自動返信|不在|自动(?:答复|回复)|自動回覆|자동 ?(?:회신|응답)|부재중)",
    re.IGNORECASE,
)
_ABSENT_WORDS = re.compile(
    r"out of (?:the )?office|abwesen|urlaub|vacation|absen[ct]|fuera de|fuori|afwezig|nieobecn|poza biur|"
    r"nep[řr][íi]tom|ofis d|"
    r"fr[åa]nvar|frav[æa]r|on leave|holiday|away|poissa|不在",
    re.IGNORECASE,
)
_REPLY_PREFIX = re.compile(
    r"(?:(?:re|aw|antw|sv|vs|fwd?|wg)\s{0,3}:\s{0,3}|\[[^\]]{0,60}\]\s{0,3}){1,6}", re.IGNORECASE
)


class Origin(NamedTuple):
    """What the headers say of a mail's origin: whether a machine sent it (and by which sign), answered, or is away."""

    is_automatic: bool
    reason: str
    is_reply: bool
    is_absence: bool


def judge_origin(
    headers: Headers, *, subject: str, sender: str, return_path: str | None, kind: str, report_type: str
) -> Origin:
    """Headers first, then the sender's name, then subjects (P7.2, P13.1). `return_path` is None where unknown."""
    bare = (
        _REPLY_PREFIX.sub("", subject, count=1)
        if (subject[:1] and ":" in subject[:12]) or subject[:1] == "["
        else subject
    )
    says_absent = bool(_ABSENT.match(bare))
    submitted = (
        headers.first("auto-submitted").decode("ascii", "replace").lower().partition(";")[0].partition("(")[0].strip()
    )
    precedence = headers.first("precedence").decode("ascii", "replace").lower().strip()
    is_reply = submitted in ("auto-replied", "auto-reply") or precedence in ("auto_reply", "auto-reply") or says_absent
    is_reply = is_reply or any(
        _says_yes(headers, name)
        for name in (
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-autoreply-from",
            "x-mail-autoreply",
            "x-vacation",
            "x-away",
        )
    )
    if submitted == "auto-notified":
        is_reply = False
    report = kind == "multipart/report"
    if report and report_type in ("delivery-status", "feedback-report", "disposition-notification"):
        is_reply = False
    reason = _reason(headers, submitted, precedence, return_path, sender, report=report, is_reply=is_reply)
    is_absence = is_reply and (says_absent or bool(_ABSENT_WORDS.search(subject)))
    if is_absence:
        reason = "out-of-office"
    return Origin(bool(reason), reason, is_reply, is_absence)


def _reason(
    headers: Headers,
    submitted: str,
    precedence: str,
    return_path: str | None,
    sender: str,
    *,
    report: bool,
    is_reply: bool,
) -> str:
    if submitted and submitted != "no":
        return "auto-submitted"
    if is_reply:
        return "auto-reply"
    if report:
        return "report"
    if headers.has("list-id") or headers.has("list-unsubscribe") or headers.has("mailing-list") or precedence == "list":
        return "list"
    if precedence in ("bulk", "junk"):
        return "precedence"
    suppressed = headers.first("x-auto-response-suppress").decode("ascii", "replace").lower().strip()
    if suppressed and suppressed != "none":
        return "auto-response-suppress"
    if return_path == "":
        return "null-return-path"
    if _MACHINES.match(sender.rpartition("@")[0].lower()):
        return "machine-sender"
    if headers.has("feedback-id") or headers.has("x-loop") or headers.has("x-fc-machinegenerated"):
        return "machine-header"
    return ""


def _says_yes(headers: Headers, name: str) -> bool:
    value = headers.first(name).decode("ascii", "replace").strip().lower()
    return bool(value) and value not in ("no", "false", "0", "none")


def is_marked_spam(headers: Headers) -> bool:
    """Whether a filter before us says so (P35.2): SpamAssassin, Rspamd, Exchange, and plain flags."""
    for name in ("x-spam-flag", "x-spam", "x-spam-status", "x-spamd-result"):
        value = headers.first(name).decode("ascii", "replace").strip().lower()
        if value.startswith(("yes", "true")) or (name == "x-spamd-result" and "true" in value[:30]):
            return True
    level = headers.first("x-ms-exchange-organization-scl").strip()
    return level.isdigit() and int(level[:3]) >= 5
