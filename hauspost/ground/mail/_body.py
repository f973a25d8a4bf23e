"""What a mail shows: its words as text and HTML, its files, and which of them stand inside the words."""

import re
from dataclasses import dataclass, field
from itertools import islice

from hauspost.ground.text.joining import joined_html
from hauspost.ground.text.plain import html_of_text, text_of_html, tidy
from hauspost.ground.text.safe_html import plain_id
from hauspost.ground.text.weight import MAX_LINES, is_too_heavy

from ._attachments import Attachment, harmless_name, signed_content
from ._calendar import MAX_CALENDAR, Invitation, read_invitations, without_repeats
from ._charsets import decode
from ._headers import decoded, read_headers
from ._mime import Part, read_structure, words_and_files
from ._pictures import marked_inline, name_in_id, pictures_named
from ._rtf import read_rtf
from ._tnef import read_tnef
from ._tnef_letter import files_of, invitation_of
from ._transfer import Encoded

MAX_HTML = 2_000_000  # characters that are shown; all of them stay as a file (S19)
MAX_TEXT = 2_000_000
_MOST_BYTES = 8_000_000  # that are read as words, as a character takes up to four
_MOST_UNPACKED, _MOST_LAYERS = 1000, 3
_MOST_OPENED = 48_000_000  # bigger winmail.dats and envelopes stay files: what is in them would fill the memory
_LONGEST_EMPTY = 5000  # an HTML page longer than this is not suspected to be empty

_WORDS = (
    "text/plain",
    "text/html",
    "text/x-amp-html",
    "text/enriched",
    "text/richtext",
    "text/markdown",
    "text/x-markdown",
    "text/watch-html",
)
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_ENVELOPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_RICH_TEXTS = ("text/rtf", "application/rtf")
_MESSAGES = ("message/rfc822", "message/global", "message/news")
_CALENDARS = ("text/calendar", "text/x-vcalendar", "application/ics", "application/x-ics")
# A mail that was attached under a name of its own keeps it, if that says how to open it.
_NAMES_OF_MAILS = (".eml", ".txt", ".msg", ".mht", ".mhtml", ".mbox", ".html", ".htm")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]+=*")
_COMMAND = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>")


@dataclass(slots=True)
class Body:
    """The words and files of a mail."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    calendar: tuple[Invitation, ...] = ()
    has_signature: bool = False
    has_encrypted: bool = False
    has_unopened_tnef: bool = False
    is_shortened: bool = False  # there is more than is shown; all of it is among the files


@dataclass(slots=True)
class _Gathered:
    """What is found while walking: words as pairs (text, HTML), either of them possibly empty; files with their "
    "parts."""

    words: list[tuple[str, str]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    calendar: list[Invitation] = field(default_factory=list)
    places: list[str] = field(default_factory=list)  # Content-Location of each file
    spare: tuple[str, str] = ("", "")  # words inside a file, for a mail that has no others
    has_signature: bool = False
    has_encrypted: bool = False
    has_unopened_tnef: bool = False
    is_shortened: bool = False
    room: int = _MOST_BYTES  # for further words
    unpacked: int = 0  # files that came out of others
    layers: int = 0  # signed envelopes around this

    def add(self, other: "_Gathered") -> None:
        """Take over all but the words, of which the caller may have to choose."""
        self.files += other.files
        self.places += other.places
        self.calendar += other.calendar
        self.spare = self.spare if any(self.spare) else other.spare
        self.has_signature |= other.has_signature
        self.has_encrypted |= other.has_encrypted
        self.has_unopened_tnef |= other.has_unopened_tnef
        self.is_shortened |= other.is_shortened
        self.room = min(self.room, other.room)
        self.unpacked = max(self.unpacked, other.unpacked)


def read_body(root: Part) -> Body:
    """Gather words and files of a mail that is within its bounds."""
    found = _Gathered()
    _walk(root, found)
    text, html = _joined(found.words or [found.spare])
    if len(html) > MAX_HTML or is_too_heavy(html):
        _keep_whole(found, "message.html", "text/html", html)
        html = html[:MAX_HTML]
    if len(text) > MAX_TEXT or max(text.count("\n"), text.count("\r")) > MAX_LINES:
        _keep_whole(found, "message.txt", "text/plain", text)
        text = "\n".join(islice(text[:MAX_TEXT].splitlines(), MAX_LINES))
    if "<img" in html.lower():
        html = pictures_named(html, found.files, found.places)
    if not text.strip() and html:
        text = text_of_html(html)
    elif html and len(html) < _LONGEST_EMPTY and "<img" not in html.lower() and not text_of_html(html).strip():
        html = ""  # a page without a word, beside a text with some
    return Body(
        text=tidy(text) or _words_of_calendar(found.calendar),
        html=html,
        attachments=marked_inline(found.files, html),
        calendar=without_repeats(found.calendar),
        has_signature=found.has_signature,
        has_encrypted=found.has_encrypted,
        has_unopened_tnef=found.has_unopened_tnef,
        is_shortened=found.is_shortened,
    )


def _walk(part: Part, found: _Gathered) -> None:
    if part.children:
        _KINDS.get(part.kind, _walk_mixed)(part, found)
    else:
        _leaf(part, found)


def _walk_mixed(part: Part, found: _Gathered) -> None:
    for child in part.children:
        _walk(child, found)


def _walk_alternative(part: Part, found: _Gathered) -> None:
    """Of several forms of the same words the plain and the richest; what is no words (a calendar, a file) is kept."""
    forms: list[tuple[str, str]] = []
    active: list[tuple[str, str]] = []  # pages for programs and watches: shown if there is nothing else
    for child in part.children:
        words = _Gathered(room=found.room, unpacked=found.unpacked, layers=found.layers)
        _walk(child, words)
        found.add(words)
        if words.words:
            (active if child.kind in ("text/x-amp-html", "text/watch-html") else forms).append(_joined(words.words))
    forms = forms or active
    text = next((text for text, html in forms if text.strip() and not html), "")
    html = next((html for _, html in reversed(forms) if html.strip()), "")
    if text or html:
        found.words.append((text or (forms[0][0] if forms else ""), html))


def _walk_related(part: Part, found: _Gathered) -> None:
    start = plain_id(part.params.get("start", ""))
    root = next((child for child in part.children if start and plain_id(child.content_id) == start), part.children[0])
    _walk(root, found)
    for child in part.children:
        if child is not root:
            _walk(child, found)


def _walk_signed(part: Part, found: _Gathered) -> None:
    found.has_signature = True
    _walk_mixed(part, found)


def _walk_encrypted(part: Part, found: _Gathered) -> None:
    found.has_encrypted = True
    for child in part.children:
        _file(child, found)


def _walk_report(part: Part, found: _Gathered) -> None:
    """A report's first part is for people; the others are for machines, and stay as files."""
    _walk(part.children[0], found)
    for child in part.children[1:]:
        if child.children:
            _walk(child, found)
        else:
            _file(child, found)


_KINDS = {
    "multipart/alternative": _walk_alternative,
    "multipart/related": _walk_related,
    "multipart/signed": _walk_signed,
    "multipart/encrypted": _walk_encrypted,
    "multipart/report": _walk_report,
}


def _leaf(part: Part, found: _Gathered) -> None:
    if part.kind in _WORDS and not _is_file(part):
        _words(part, found)
    elif part.kind in _TNEF or part.declared_name.lower() == "winmail.dat":
        _tnef(part, found)
    elif part.kind in _RICH_TEXTS and not _is_file(part):
        _rich_text(part, found)
    elif _is_envelope(part) and "signed-receipt" not in part.params.get("smime-type", ""):
        _envelope(part, found)
    else:
        _file(part, found)


def _is_envelope(part: Part) -> bool:
    """S/MIME, also where a gateway no longer says so but by the file's name."""
    return part.kind in _ENVELOPES or (part.main == "application" and part.declared_name.lower() == "smime.p7m")


def _is_file(part: Part) -> bool:
    if part.disposition == "attachment":
        return True
    return bool(part.declared_name) and (part.disposition != "" or part.depth > 0)


def _words(part: Part, found: _Gathered) -> None:
    is_html = part.kind in ("text/html", "text/x-amp-html")
    may_hold_files = not is_html and found.unpacked < _MOST_UNPACKED
    files: list[tuple[bytes, bytes | Encoded]] = []
    if part.encoding == "base64" and _is_plain_after_all(part):
        stop = min(part.end, part.body + found.room)
        data, is_longer = part.raw[part.body : stop], stop < part.end
    else:
        data, files, is_longer = words_and_files(part, found.room, may_hold_files=may_hold_files)
    found.room -= len(data)
    if is_longer:
        # Of endless words the beginning is read; all of them are a file (S19).
        _file(part, found)
        found.is_shortened = True
    if is_html:
        found.words.append(("", decode(data, part.charset, html=True)))
        return
    for name, held in files:
        declared, kind = decoded(name, part.charset), "application/octet-stream"
        _keep_unpacked(found, Attachment(harmless_name(declared, kind), kind, held, declared_name=declared))
    text = decode(data, part.charset, html=b"<meta" in data[:2000])
    if part.params.get("format", "").lower() == "flowed":
        text = _unflowed(text, part.params.get("delsp", "").lower() == "yes")
    if "-----BEGIN PGP MESSAGE-----" in text:
        found.has_encrypted = True
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        found.has_signature = True
    if part.kind == "text/enriched":
        text = _without_commands(text)
    if text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        found.words.append(("", text))
    elif text.strip():
        found.words.append((text, ""))


def _is_plain_after_all(part: Part) -> bool:
    """Words that say of themselves to be base64 and cannot be: other characters, or one too many in a single line."""
    line, _, rest = part.raw[part.body : min(part.end, part.body + 2000)].strip().partition(b"\n")
    if not _BASE64_LINE.fullmatch(line.strip()):
        return bool(line)
    return not rest and len(line) % 4 == 1 and b"=" not in line


def _unflowed(text: str, is_deleting: bool) -> str:
    """Join the soft line ends of format=flowed (RFC 3676), each quoting depth by itself."""
    out: list[str] = []
    is_open, last = False, -1
    for line in text.replace("\r\n", "\n").split("\n"):
        stripped = line.lstrip(">")
        depth = len(line) - len(stripped)
        content = stripped[1:] if stripped.startswith(" ") else stripped
        is_soft = content.endswith(" ") and content != "-- "
        if is_soft and is_deleting:
            content = content[:-1]
        if not (is_open and depth == last) or content == "-- ":
            out.append("\n" + (">" * depth + " " if depth else ""))
        out.append(content)
        is_open, last = is_soft, depth
    return "".join(out)[1:]


def _without_commands(text: str) -> str:
    """The words of text/enriched (RFC 1896): no commands, one line end less in each row of them."""
    out: list[str] = []
    position = hidden = 0
    for hit in _COMMAND.finditer(text):
        if not hidden:
            out.append(text[position : hit.start()])
        position = hit.end()
        if hit.group() == "<<":
            out.append("<" if not hidden else "")
        elif hit.group(2).lower() == "param":
            hidden = max(hidden + (-1 if hit.group(1) else 1), 0)
    out.append(text[position:] if not hidden else "")
    return re.sub(r"\n(\n*)", lambda ends: ends.group(1) or " ", "".join(out).replace("\r\n", "\n"))


def _file(part: Part, found: _Gathered) -> None:
    declared = part.declared_name
    held = part.file()
    kind = part.kind
    base = ""
    if kind in _CALENDARS or declared[-4:].lower() in (".ics", ".vcs"):
        method = part.params.get("method", "")
        found.calendar += read_invitations(part.beginning(MAX_CALENDAR), charset=part.charset, method=method)
    if kind in _SIGNATURES:
        found.has_signature = True
    if kind == "application/pgp-encrypted":
        found.has_encrypted = True
    if kind in _MESSAGES and not declared:
        headers, _ = read_headers(part.beginning(100_000), 0, 100_000, maximum=100_000)
        base = headers.text("subject")[:100].replace("/", " ").replace("\\", " ")
    name = harmless_name(declared or name_in_id(part.content_id), kind, base=base)
    if kind in _MESSAGES and not name.lower().endswith(_NAMES_OF_MAILS):
        name += ".eml"
    _keep(
        found,
        Attachment(name, kind, held, part.content_id, declared_name=declared),
        decoded(part.headers.first("content-location")),
    )


def _keep_whole(found: _Gathered, name: str, kind: str, words: str) -> None:
    if not found.is_shortened:
        _keep(found, Attachment(name, kind, words.encode("utf-8", "replace")))
    found.is_shortened = True


def _keep_unpacked(found: _Gathered, file: Attachment) -> None:
    """Not more files than a mail may have parts; whatever is left in is in the file around it (S18)."""
    if found.unpacked < _MOST_UNPACKED:
        found.unpacked += 1
        _keep(found, file)


def _keep(found: _Gathered, file: Attachment, place: str = "") -> None:
    found.files.append(file)
    found.places.append(place)


def _tnef(part: Part, found: _Gathered) -> None:
    """The files of a winmail.dat beside the original, its words only if the mail has no others (P22.1)."""
    _file(part, found)
    opened = read_tnef(part.content()) if part.end - part.body <= _MOST_OPENED else None
    if opened is None:
        found.has_unopened_tnef = True
        return
    for file in files_of(opened):
        _keep_unpacked(found, file)
    meeting = invitation_of(opened)
    if meeting:
        found.calendar.append(meeting)
    if not any(found.spare) and (opened.text.strip() or opened.html.strip()):
        found.spare = (opened.text, opened.html)


def _rich_text(part: Part, found: _Gathered) -> None:
    """A body in RTF stays a file, and its words are shown if there are no others."""
    _file(part, found)
    if not any(found.spare) and part.end - part.body <= found.room:
        found.room -= part.end - part.body
        found.spare = read_rtf(part.content())


def _envelope(part: Part, found: _Gathered) -> None:
    """S/MIME: a signed envelope shows what it holds; an encrypted one stays a file, with a note (P22.5)."""
    is_opened = part.end - part.body <= _MOST_OPENED and found.layers < _MOST_LAYERS
    inner = signed_content(part.content()) if is_opened else None
    if inner is None:
        found.has_encrypted = found.has_encrypted or "signed" not in part.params.get("smime-type", "")
        _file(part, found)
        return
    found.has_signature = True
    structure = read_structure(inner)
    if structure.fault or structure.root.kind in _ENVELOPES:
        _file(part, found)
        return
    found.layers += 1
    _walk(structure.root, found)
    found.layers -= 1
    _file(part, found)


def _words_of_calendar(invitations: list[Invitation]) -> str:
    """What an invitation without any words beside it says, so that no mail stands there empty."""
    for one in invitations:
        if words := one.comment or one.description or "\n".join(filter(None, (one.title, one.place))):
            return tidy(words)
    return ""


def _joined(words: list[tuple[str, str]]) -> tuple[str, str]:
    """All the words in order, as text, and as HTML if any of them is HTML."""
    if len(words) == 1:
        return words[0]
    texts = [text if text.strip() else text_of_html(html) for text, html in words]
    text = "\n\n".join(text.strip("\r\n") for text in texts if text.strip())
    if not any(html for _, html in words):
        return text, ""
    return text, joined_html([html or html_of_text(text) for text, html in words])
