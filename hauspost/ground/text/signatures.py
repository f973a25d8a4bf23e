"""Where a signature begins: the dashes, the telephone's own line, a mailing list's footer."""

from ._quote_words import DEVICE, LINK, LIST_FOOTER, RULE, SIGNATURE_RULE

_LONGEST = 25  # lines; what is longer is no signature


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
    first = end
    for index in range(start, end):
        if SIGNATURE_RULE.match(texts[index]) and _filled(texts, index + 1, end) <= _LONGEST:
            first = index
            break
    for index in range(start, first):
        if RULE.match(texts[index]) and _is_list_footer(texts, index + 1, first):
            first = index
            break
    # The telephone's line ends a letter, or stands just before its signature.
    while True:
        last = first - 1
        while last >= start and (not texts[last].strip() or kinds[last] == "signature"):
            last -= 1
        if last >= start and DEVICE.match(LINK.sub("", texts[last]).replace("[", "").replace("]", "").strip()[:150]):
            first = last
            continue
        return first


def _filled(texts: list[str], start: int, end: int) -> int:
    return sum(1 for text in texts[start:end] if text.strip())


def _is_list_footer(texts: list[str], start: int, end: int) -> bool:
    return _filled(texts, start, end) <= 8 and any(LIST_FOOTER.search(text) for text in texts[start:end])
