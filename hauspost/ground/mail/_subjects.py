"""What mail programs put before a subject when they answer or pass on, in many languages (P8.7)."""

import re

_ANSWERS = (
    "re|aw|antw|antwort|sv|vs|ref|rif|odp|ynt|yan|cevap|res|r|回复|回覆|答复|回信|返信|odpověď|vá|ats|atb|ang|απ|σχετ|"
    "השב|отв|на|rép|rcp"
)
_FORWARDS = (
    "fwd?|wg|wtr|tr|rv|enc|doorst|i|pd|vl|fyi|ilt|i̇lt|vb|továbbítás|転送|转发|轉寄|προωθ|πρθ|пересл|fs|vidarebef|"
    "doorsturen|weiterleitung"
)
_PREFIX = re.compile(
    rf"\s{{0,9}}(?:(?P<answer>{_ANSWERS})|(?P<forward>{_FORWARDS}))\s{{0,3}}(?:[\[(]\d{{1,3}}[\])]|\^\d{{1,3}}|"
    rf"\*\d{{1,3}}|\d{{1,2}})?\s{{0,3}}[:：]\s{{0,9}}",
    re.IGNORECASE,
)


def bare_subject(subject: str) -> str:
    """The subject without any number of "AW:", "Re[2]:", "Fwd:", "WG:" … before it, in any case and mixture (P8.7)."""
    position = 0
    while found := _PREFIX.match(subject, position):
        position = found.end()
    return subject[position:].strip()


def is_forward(subject: str) -> bool:
    """Whether the outermost prefix of the subject says that somebody passes a mail on."""
    found = _PREFIX.match(subject)
    return bool(found and found.group("forward"))


def is_answer(subject: str) -> bool:
    """Whether the outermost prefix of the subject says that somebody answers."""
    found = _PREFIX.match(subject)
    return bool(found and found.group("answer"))
