"""Where a signature begins: the dashes, the telephone's own line, a mailing list's footer."""

from ._quote_words import DEVICE, LINK, LIST_FOOTER, RULE, SIGNATURE_RULE

_LONGEST, _LONGEST_FOOTER = 25, 9  # lines; what is longer is no signature, and no footer of a list


def mark_signatures(texts: list[str], marks: list[str], kinds: list[str]) -> None:
    """Mark as "signature" what stands at the end of each piece of "said" lines, in place."""
    end = len(texts)
    while end > 0:
        start = end - 1
        while start > 0 and kinds[start - 1] == kinds[end - 1]:
            start -= 1
        if kinds[start] == "said":
            _mark_end(texts, marks, kinds, start, end)
        end = start


def _mark_end(texts: list[str], marks: list[str], kinds: list[str], start: int, end: int) -> None:
    for index in range(start, end):
        if "s" in marks[index]:
            kinds[index] = "signature"
    first = _signature_start(texts, kinds, start, end)
    for index in range(first, end):
        kinds[index] = "signature"


def _signature_start(texts: list[str], kinds: list[str], start: int, end: int) -> int:
    """The first line of the signature among `start` to `end`, or `end`."""
    filled = [index for index in range(start, end) if texts[index].strip()]
    near_end = filled[-_LONGEST - 1] if len(filled) > _LONGEST else start
    first = next((index for index in range(near_end, end) if SIGNATURE_RULE.match(texts[index])), end)
    last_lines = filled[-_LONGEST_FOOTER - 1] if len(filled) > _LONGEST_FOOTER else start
    for index in range(last_lines, first):
        if RULE.match(texts[index]) and any(LIST_FOOTER.search(text) for text in texts[index + 1 : first]):
            first = index
            break
    # The telephone's line ends a letter, or stands just before its signature.
    while True:
        last = first - 1
        while last >= start and (not texts[last].strip() or kinds[last] == "signature"):
            last -= 1
        if last < start or not DEVICE.match(LINK.sub("", texts[last]).replace("[", "").replace("]", "").strip()[:150]):
            return first
        first = last
