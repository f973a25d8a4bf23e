"""The words of the company: one text in several languages, `{language tag: text}`, with a fallback."""

import unicodedata
from collections.abc import Mapping


def in_language(words: Mapping[str, str], language: str, company: str = "en") -> str:
    """The text in the person's language, else the company's, else any."""
    if not words:
        return ""
    for tag in (language, language.split("-")[0], company):
        if words.get(tag):
            return words[tag]
    return next((text for text in words.values() if text), "")


def sort_key(text: str) -> str:
    """A key that sorts names alike on both databases: without case and accents, ß as ss (DIN 5007-1)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character)).strip()
