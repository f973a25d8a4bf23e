"""The first lines of an agent's mail, read as orders. Pure: nothing is done here, and nobody is asked."""

import difflib
import re
from dataclasses import dataclass

# Every order, with the words that mean it; the first two, English and German, are those that we show.
WORDS: dict[str, tuple[str, ...]] = {
    "assign": ("assign", "zuweisen", "zuständig", "zustaendig", "assignee"),
    "take": ("take", "übernehmen", "mine", "uebernehmen", "übernehme", "uebernehme"),
    "close": ("close", "schließen", "closed", "schliessen", "geschlossen", "zu"),
    "resolve": ("resolve", "gelöst", "resolved", "solved", "done", "lösen", "loesen", "geloest", "erledigt"),
    "open": ("open", "öffnen", "reopen", "oeffnen", "offen"),
    "note": ("note", "notiz", "internal", "intern"),
    "priority": ("priority", "priorität", "prio", "prioritaet"),
    "team": ("team", "übergeben", "hand", "uebergeben"),
    "wait": ("wait", "warten", "waiting", "wartet", "wiedervorlage"),
    "category": ("category", "kategorie"),
    "tag": ("tag", "schlagwort"),
    "help": ("help", "hilfe"),
}
NOTE = "note"
_MEANING = {word: name for name, words in WORDS.items() for word in words}
# These need something behind the word; the others take nothing ("wait" may have it).
NEEDS_ARGUMENT = frozenset({"assign", "priority", "team", "category", "tag"})
TAKES_NOTHING = frozenset({"take", "close", "resolve", "open", "note", "help"})

MOST_ORDERS = 20
# "#close", "#assign Anna"; a "#1" or "# heading" is the text's own.
_LINE = re.compile(r"[ \t\u00a0]{0,8}#([^\W\d_][\w-]{0,30}):?(?:[ \t\u00a0]{1,8}(\S.{0,200}))?[ \t\u00a0]{0,50}")


@dataclass(frozen=True, slots=True)
class Order:
    """One line: what is ordered ("" where we do not understand it), with what, and how it was written."""

    name: str
    argument: str
    line: str


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders on top of a text, and the text below them."""

    orders: tuple[Order, ...] = ()
    rest: str = ""

    @property
    def is_clear(self) -> bool:
        """Do we understand every line?"""
        return all(order.name for order in self.orders)

    @property
    def are_meant(self) -> bool:
        """Is a line an order, or so near to one that somebody meant it? A hashtag on top of a text is none."""
        return any(order.name or nearest(order.line) for order in self.orders)

    @property
    def make_a_note(self) -> bool:
        """Does a line, also one that is not quite understood, keep the text below it internal?"""
        return any(NOTE in (order.name, _MEANING.get(nearest(order.line)[1:])) for order in self.orders)


def read_orders(text: str) -> Orders:
    """Part the first lines that begin with "#word" from the rest; without any the rest is the whole text."""
    lines = text.splitlines()
    orders: list[Order] = []
    at = 0
    while at < len(lines) and len(orders) < MOST_ORDERS:
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        found = _LINE.fullmatch(line)
        if not found:
            break
        orders.append(_order(found[1].lower(), (found[2] or "").strip(), line.strip()))
        at += 1
    if not orders:
        return Orders((), text)
    return Orders(tuple(orders), "\n".join(lines[at:]).strip("\n"))


def _order(word: str, argument: str, line: str) -> Order:
    name = _MEANING.get(word, "")
    fits = bool(argument) if name in NEEDS_ARGUMENT else not argument if name in TAKES_NOTHING else True
    return Order(name if fits else "", argument, line[:200])


def nearest(line: str) -> str:
    """The order that somebody may have meant by a line, as "#close"; "" for none."""
    word = line.lstrip("# \t").partition(" ")[0].rstrip(":").lower()
    if word in _MEANING:
        return f"#{word}"
    close = difflib.get_close_matches(word, _MEANING, n=1, cutoff=0.7)
    return f"#{close[0]}" if close else ""


# How long "#wait 2d" waits: a number and a unit, or a day.
_SPAN = re.compile(
    r"(\d{1,4})\s{0,3}(m|min|minutes?|minuten?|h|hours?|stunden?|std|d|days?|t|tage?n?|w|weeks?|wochen?)", re.IGNORECASE
)
_SECONDS = {"m": 60, "h": 3600, "s": 3600, "d": 86400, "t": 86400, "w": 604800}


def span_seconds(text: str) -> int | None:
    """Seconds of "2d", "3 Stunden", "1w", "30 min"; None for anything else."""
    found = _SPAN.fullmatch(text.strip())
    return int(found[1]) * _SECONDS[found[2][0].lower()] if found else None


_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})?")


def day_parts(text: str) -> tuple[int | None, int, int] | None:
    """Year (None where it is not said), month and day of "2026-12-24" or "24.12."; None for anything else."""
    found = _DAY.fullmatch(text.strip())
    if not found:
        return None
    if found[1]:
        return int(found[1]), int(found[2]), int(found[3])
    return int(found[6]) if found[6] else None, int(found[5]), int(found[4])
