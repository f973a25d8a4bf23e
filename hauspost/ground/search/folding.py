"""How words are read for searching: which forms a word is found by, what a query wants, where a text was hit (pure)."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

# Raise it when the same text would yield other words; `rebuild` then reads older rows anew.
FOLDING_VERSION = 1
LONGEST_WORD = 64
LONGEST_QUERY = 300
MOST_TERMS = 10
# Below this, a word is only sought at the beginning of others: "rot" must not find "Brot".
SHORTEST_INNER_PART = 4

_TOKEN = re.compile(r"\w+(?:[-./@]\w+)*")
_PART = re.compile(r"[^\W_]+")
# Soft hyphens, zero-width characters, and accents that found no letter to stand on.
_UNSEEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200d\u2060\ufeff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# "Mueller", not "neue", "aktuell", "does", "values" or "poet": there the e belongs to the word.
_UMLAUT_SPELT_OUT = re.compile(r"(?<![aeioq])([aou])e(?=[a-z])(?![srdnmtl](?![a-z]))")
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "œ": "oe", "å": "aa", "ß": "ss"})
_NOT_DECOMPOSED = {"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "t", "ħ": "h", "ı": "i", "ẞ": "ß"}
_QUOTED = re.compile(r'"([^"]*)"|„([^“”"]*)[“”"]|“([^”"]*)[”"]|«([^»]*)»|»([^«]*)«')
_NUMBER = re.compile(r"\s*\[?\s*(?:ticket|vorgang|nr\.?|no\.?)?\s*#?\s*(\d{1,18})\s*\]?\s*", re.IGNORECASE)


class _Plain(dict[int, str]):
    """One character to one plain lower-case character, so that places in the text stay where they are."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        lower = char.lower() if len(char.lower()) == 1 else char
        lower = _NOT_DECOMPOSED.get(lower, lower)
        apart = unicodedata.normalize("NFD", lower)
        self[code] = plain = apart[0] if all(map(unicodedata.combining, apart[1:])) else lower
        return plain


_PLAIN = _Plain()


@dataclass(frozen=True)
class Term:
    """One word of a query: its forms, and its parts where it is joined by - _ . / or @."""

    forms: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Phrase:
    """A quoted part of a query: words every hit contains, and the pattern that confirms order and spelling."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Query:
    """What somebody seeks; `number` when the whole query may be a ticket's number."""

    terms: tuple[Term, ...]
    phrases: tuple[Phrase, ...]
    number: int | None


def readable_text(text: str) -> str:
    """The text as it is stored and shown: composed, without NUL, lone surrogates and unseen characters (P21.5)."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return _UNSEEN.sub("", unicodedata.normalize("NFC", _UNSTORABLE.sub("\ufffd", text)))


def words_of(text: str) -> set[str]:
    """All words a text is found by, folded; a joined token ("srv-db.01") as a whole and in its parts (P16.3)."""
    return set(chain.from_iterable(map(_words_of_token, set(_TOKEN.findall(_lower(text))))))


def forms_of(word: str) -> tuple[str, ...]:
    """A lower-case word in the spellings it meets others by: Müller as muller and mueller, Mueller as both too."""
    if word.isascii():
        if "ae" in word or "oe" in word or "ue" in word:
            collapsed = _UMLAUT_SPELT_OUT.sub(r"\1", word)
            return (word,) if collapsed == word else (word, collapsed)
        return (word,)
    # "Müller-Buecher" stands for "muller-bucher" too, hence the collapsed form of either spelling.
    spelt_out = word.translate(_SPELT_OUT).translate(_PLAIN)
    plain = word.translate(_PLAIN).replace("ß", "ss")
    return tuple(dict.fromkeys((plain, spelt_out, _UMLAUT_SPELT_OUT.sub(r"\1", plain))))


def read_query(query: str) -> Query:
    """What a query wants; anything may be typed, what cannot be sought is left out."""
    query = readable_text(query)[:LONGEST_QUERY]
    number = _NUMBER.fullmatch(query)
    phrases = [_phrase(next(filter(None, found), "")) for found in _QUOTED.findall(query)]
    tokens = [token.strip("_") for token in _TOKEN.findall(_lower(_QUOTED.sub(" ", query)))]
    terms = [_term(token) for token in dict.fromkeys(tokens) if token]
    return Query(
        terms=tuple(terms[:MOST_TERMS]),
        phrases=tuple(phrase for phrase in phrases[:MOST_TERMS] if phrase.words),
        number=int(number[1]) if number else None,
    )


def highlight(text: str, query: Query | str, *, around: int | None = None) -> tuple[tuple[str, bool], ...]:
    """The text in pieces, each with whether it is a hit (P16.4).

    `around`: only about so many characters, beginning shortly before the first hit; None gives the whole text.
    """
    query = read_query(query) if isinstance(query, str) else query
    text = readable_text(text)
    spans = _spans(text, query, stop=around)
    start, end = 0, len(text)
    if around is not None:
        first = spans[0][0] if spans else 0
        start, end = _cut(text, first, around)
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for low, high in spans:
        if low >= end:
            break
        pieces += [(text[at:low], False), (text[low : min(high, end)], True)]
        at = min(high, end)
    pieces.append((text[at:end], False))
    if end < len(text):
        pieces.append((" …", False))
    return tuple((piece, is_hit) for piece, is_hit in pieces if piece)


def has_phrases(text: str, phrases: Sequence[Phrase]) -> bool:
    """Whether each quoted phrase stands in the text word by word, spelt as quoted (case aside)."""
    return all(phrase.pattern.search(text) for phrase in phrases)


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text).lower())


# A desk's words repeat: nine of ten tokens have been met before.
@lru_cache(maxsize=20_000)
def _words_of_token(token: str) -> tuple[str, ...]:
    return tuple({form for piece in _with_parts(token) for form in forms_of(piece)})


def _with_parts(token: str) -> set[str]:
    """The token, its halves beside @, its segments between /, and its plain parts, none longer than fits a word."""
    token = token.strip("_")
    if token.isalnum():
        return {token[:LONGEST_WORD]}
    segments = {segment for half in token.split("@") for segment in half.split("/")}
    wholes = {token, *token.split("@"), *segments}
    parts = {part[:LONGEST_WORD] for part in _PART.findall(token)}
    return parts | {whole.strip("_") for whole in wholes if len(whole) <= LONGEST_WORD} - {""}


def _term(token: str) -> Term:
    parts = [forms_of(part[:LONGEST_WORD])[0] for part in _PART.findall(token)]
    return Term(forms_of(token[:LONGEST_WORD]), tuple(parts))


def _phrase(quoted: str) -> Phrase:
    pieces = [piece for piece in quoted.split() if _PART.search(piece)]
    words = {forms_of(part[:LONGEST_WORD])[0] for piece in pieces for part in _PART.findall(_lower(piece))}
    # Between words anything but letters may stand ("Drucker, Papierstau"); inside a joined token only what was typed.
    inner = r"[\W_]+".join(re.escape(piece.strip("_.,;:!?()")) for piece in pieces)
    return Phrase(tuple(sorted(words)), re.compile(rf"(?<![^\W_]){inner}(?![^\W_])", re.IGNORECASE))


def _spans(text: str, query: Query, *, stop: int | None) -> list[tuple[int, int]]:
    """Where the text is hit, in order, not overlapping; with `stop` only until so far behind the first hit."""
    plain = text.translate(_PLAIN)
    patterns = [(pattern, plain) for pattern in map(_term_pattern, query.terms)]
    patterns += [(phrase.pattern, text) for phrase in query.phrases]
    firsts = [found.start() for pattern, where in patterns if (found := pattern.search(where))]
    if not firsts:
        return []
    end = len(text) if stop is None else min(firsts) + stop
    hits = sorted(match.span() for pattern, where in patterns for match in pattern.finditer(where, 0, end))
    spans: list[tuple[int, int]] = []
    for low, high in hits:
        if spans and low < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(high, spans[-1][1]))
        elif high > low:
            spans.append((low, high))
    return spans


def _term_pattern(term: Term) -> re.Pattern[str]:
    """Matches on plain text what the term's forms stand for: a vowel with or without its spelt-out e, ss or ß."""
    shortest = min(term.forms, key=len)
    inner = re.sub(r"([aou])(?!e)", r"\1e?", re.sub(r"([aou])e", r"\1e?", re.escape(shortest)))
    inner = inner.replace("ss", "(?:ss|ß)")
    return re.compile(inner if len(shortest) >= SHORTEST_INNER_PART else rf"(?<![^\W_]){inner}")


def _cut(text: str, first: int, around: int) -> tuple[int, int]:
    """Begin and end of the shown part, at spaces where some are near."""
    start = max(0, first - around // 3)
    if start:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + around)
    if end < len(text):
        space = text.rfind(" ", max(first + 1, end - 20), end)
        end = space if space >= 0 else end
    return start, end
