"""Where a signature begins: the dashes, the telephone's own line, a list's or a company's footer."""

from ._quote_words import RULE
from ._signature_words import (
    BEGINS_FROM,
    BEGINS_SENT,
    CLOSING,
    COMPANY_FOOTER,
    DEVICE,
    ENDS_SENT,
    EXCUSE,
    GREETING,
    LINK,
    LIST_FOOTER,
    NAMES_DEVICE,
    SIGNATURE_RULE,
)

_LONGEST, _LONGEST_FOOTER = 25, 9  # lines; what is longer is no signature, and no footer of a list
_LONGEST_UNDER_A_RULE = 10  # lines below dashes other than the two that mean a signature
_LONGEST_DEVICE = 150  # characters
_MOST_WORDS_OF_DEVICE = 14
_SENTENCE = 9  # words; a line of so many is somebody's sentence, not a part of a signature


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


def is_device_line(text: str) -> bool:
    """Whether a telephone or a mail program wrote this line: "Sent from my iPhone", in any of many languages."""
    text = LINK.sub("", text).replace("[", "").replace("]", "").strip()
    if not text or len(text) > _LONGEST_DEVICE:
        return False
    if DEVICE.match(text):
        return True
    text = EXCUSE.sub("", text)
    if "?" in text or ", " in text or len(text.split()) > _MOST_WORDS_OF_DEVICE:
        return False
    is_sent = BEGINS_SENT.match(text) or (BEGINS_FROM.match(text) and ENDS_SENT.search(text[-40:]))
    return bool(is_sent and NAMES_DEVICE.search(text))


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
    first = next(
        (
            index
            for index in range(near_end, end)
            if SIGNATURE_RULE.match(texts[index]) and _is_signature(texts[index:end])
        ),
        end,
    )
    last_lines = filled[-_LONGEST_FOOTER - 1] if len(filled) > _LONGEST_FOOTER else start
    for index in range(last_lines, first):
        if RULE.match(texts[index]) and any(LIST_FOOTER.search(text) for text in texts[index + 1 : first]):
            first = index
            break
    return _without_devices(texts, kinds, start, _company_footer(texts, start, first))


def _is_signature(lines: list[str]) -> bool:
    """Whether what follows dashes may be one: sentences after a mere divider are the letter itself (P4)."""
    sentences = [line for line in lines if len(line.split()) >= _SENTENCE]
    if any(LIST_FOOTER.search(line) or COMPANY_FOOTER.search(line) for line in sentences):
        return True
    if any(GREETING.match(line) and not CLOSING.match(line) for line in lines):
        return False  # another letter begins below
    if lines[0].strip() == "--":
        return len(sentences) <= 3
    return len(sentences) <= 1 and sum(1 for line in lines if line.strip()) <= _LONGEST_UNDER_A_RULE


def _company_footer(texts: list[str], start: int, end: int) -> int:
    """Where register, directors and the lawyers' notice begin, below "Mit freundlichen Grüßen"; or `end`."""
    closing = next((at for at in range(end - 1, max(start, end - 60) - 1, -1) if CLOSING.match(texts[at])), end)
    for index in range(closing + 1, end):
        if COMPANY_FOOTER.search(texts[index]):
            return index
    return end


def _without_devices(texts: list[str], kinds: list[str], start: int, first: int) -> int:
    """The telephone's line ends a letter, or stands just before its signature; its link may stand below it."""
    while True:
        last = _words_before(texts, kinds, start, first)
        if last >= start and not LINK.sub("", texts[last]).strip(" <>()[]"):
            last = _words_before(texts, kinds, start, last)
        if last < start:
            return first
        if is_device_line(texts[last]):
            first = last
        elif last > start and texts[last - 1].strip() and is_device_line(f"{texts[last - 1]} {texts[last]}"):
            first = last - 1  # some program wrapped it
        else:
            return first


def _words_before(texts: list[str], kinds: list[str], start: int, end: int) -> int:
    last = end - 1
    while last >= start and (not texts[last].strip() or kinds[last] == "signature"):
        last -= 1
    return last
