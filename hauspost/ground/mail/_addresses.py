"""Address lists as people and programs really write them: one pass, no grammar to fall over."""

import re
from dataclasses import dataclass

from ._charsets import decode, storable
from ._headers import decoded

MAX_MAILBOXES = 5000
_SPACES = re.compile(r"\s+")
_NO_ADDRESS = re.compile(r"[\s<>()\[\],;:\"'\\]+")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# Pieces of a display name in quotes; what stands between them is kept as it is.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.){0,1000})"', re.DOTALL)
_SEVERAL = re.compile(r"[,;\s]+(?=[^,;\s@]{1,100}@)")
_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]{1,64}(?:\.[\w!#$%&'*+/=?^`{|}~-]{1,64}){0,20}")
_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,2000}\?=")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address; the address is "" where the mail gave none that can be used."""

    name: str
    address: str


def read_mailboxes(values: list[bytes], charset: str = "") -> tuple[Mailbox, ...]:
    """The mailboxes of some address headers, groups opened, names decoded; entries without a name and address left "
    "out."""
    found: list[Mailbox] = []
    for value in values:
        if len(found) > MAX_MAILBOXES:
            break
        found.extend(_mailboxes(value, charset))
    if any(box.address for box in found) and len(values) > 1:
        found = [box for box in found if box.address]
    return tuple(found)


def count_recipients(values: list[bytes]) -> int:
    """How many recipients there are at most, counted before anything is parsed (S19)."""
    return sum(value.count(b",") + value.count(b";") + 1 for value in values)


def _mailboxes(value: bytes, charset: str) -> list[Mailbox]:
    # Structure first, words second: an encoded comma or bracket belongs to the name. What is no address then
    # is tried again as a whole, for the programs that encode name and address together (P21.3).
    text = decode(value, "iso-2022-jp") if b"\x1b" in value else value.decode("utf-8", "surrogateescape")
    boxes: list[Mailbox] = []
    loose: list[str] = []
    for piece in _split(text)[: MAX_MAILBOXES + 1]:
        name, address = _taken_apart(piece)
        if not address and "=?" in piece:
            whole = _readable(piece, charset)
            name, address = _taken_apart(whole) if "@" in whole else (name, "")
        name = _readable(name, charset)
        if not address:
            loose.append(name)
            continue
        if loose:
            # "Doe, Jane <jane@example.org>" without quotes: the comma was part of the name.
            name = ", ".join([*loose, name] if name else loose)
            loose.clear()
        boxes.append(Mailbox(name, storable(address)))
    rest = ", ".join(loose).strip('<>" ')
    if rest and not boxes:
        boxes.append(Mailbox(rest, ""))
    return boxes


def _split(text: str) -> list[str]:
    """Pieces between commas and semicolons that stand outside quotes, comments, encoded words and angle brackets."""
    if "," not in text and ";" not in text:
        return [text] if text.strip() else []
    pieces: list[str] = []
    start, depth = 0, 0
    is_quoted = is_angle = False
    position, length = 0, len(text)
    # What never closes must not swallow all other recipients; looked up once, to stay linear.
    last_quote, last_bracket, last_angle = text.rfind('"'), text.rfind(")"), text.rfind(">")
    last_semicolon = text.rfind(";")
    while position < length:
        character = text[position]
        if character == "\\":
            position += 2
            continue
        if is_quoted:
            is_quoted = character != '"'
        elif character == '"':
            is_quoted = position < last_quote
        elif depth:
            depth += (character == "(") - (character == ")")
        elif character == "(":
            depth = 1 if position < last_bracket else 0
        elif is_angle:
            is_angle = character != ">"
        elif character == "<":
            is_angle = position < last_angle
        elif character == "=" and (word := _WORD.match(text, position)):
            position = word.end()
            continue
        elif character in ",;":
            pieces.append(text[start:position])
            start = position + 1
        elif character == ":" and position < last_semicolon and text.find("@", start, position) < 0:
            start = position + 1  # the name of a group: "colleagues: a@…, b@…;"
        position += 1
    pieces.append(text[start:])
    return [piece for piece in pieces if piece.strip()]


def _taken_apart(piece: str) -> tuple[str, str]:
    """Name and address of one entry; the address is "" if none can be found."""
    piece = piece.strip()
    close = piece.rfind(">")
    opened = piece.rfind("<", 0, close if close > 0 else len(piece))
    if opened >= 0:
        inside = piece[opened + 1 : close if close > opened else len(piece)]
        address = _address(inside)
        name = piece[:opened].rstrip("< \t")
        after = piece[close + 1 :].strip() if close > opened else ""
        if address:
            return name or _comment(after) or after, address
        if name and "@" not in name:
            return name, ""  # "Mail System" <MAILER-DAEMON>
    bare, comment = _without_comments(piece)
    address = _address(bare)
    if address:
        return comment, address
    for word in _NO_ADDRESS.split(bare) if "@" in bare else ():
        address = _address(word)
        if address:
            name = bare[: bare.find(word)].strip(" \t<>[]:\"'")
            return name.removesuffix("mailto").rstrip(" [(<:") or comment, address.strip(".")
    return (comment if comment and " " not in bare.strip() else piece), ""


def _address(text: str) -> str:
    """A usable address of that text, or "": white space out, `mailto:`, source routes and quotes undone."""
    text = text.strip()
    if len(text) > 500:
        return ""
    if "(" in text:
        text = _without_comments(text)[0].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    text = text.strip("<>'` \t").rstrip(".,;")
    if text.startswith('"') and not text.endswith('"'):
        local, at, domain = text.rpartition("@")
        plain = local[1:-1] if local.endswith('"') and _ATOM.fullmatch(local[1:-1]) else local
        return f"{plain}@{domain.strip()}" if at and domain and not _SPACES.search(domain) else ""
    text = text.strip('"')
    if "@" not in text:
        return ""
    if text.count("@") > 1 and (found := _SEVERAL.split(text)):
        text = found[0]  # "<a@example.org;b@example.org>"
    if any(character.isspace() for character in text):
        squeezed = _SPACES.sub("", text)
        if (
            re.search(r"\s*@\s+|\s+@\s*|\s+\.|\.\s+", text)
            and squeezed.count("@") == 1
            and len(text) - len(squeezed) <= 4
        ):
            text = squeezed
        else:
            return ""
    local, _, domain = text.rpartition("@")
    if not local or not domain or len(text) > 320 or any(character in domain for character in "<>()\"',;\\"):
        return ""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text


def _without_comments(text: str) -> tuple[str, str]:
    """The text outside round brackets, and the first comment's text."""
    if "(" not in text:
        return text, ""
    outside: list[str] = []
    inside: list[str] = []
    depth = 0
    is_quoted = False
    for character in text:
        if character == '"' and not depth:
            is_quoted = not is_quoted
        if not is_quoted and character == "(":
            depth += 1
            if depth == 1:
                continue
        if not is_quoted and character == ")" and depth:
            depth -= 1
            if not depth:
                continue
        (inside if depth else outside).append(character)
    return "".join(outside), "".join(inside).strip()


def _comment(text: str) -> str:
    text = text.strip()
    return text[1:-1] if text.startswith("(") and text.endswith(")") else ""


def _readable(name: str, charset: str) -> str:
    name = name.strip()
    if '"' in name:
        name = _QUOTED.sub(lambda found: _QUOTED_PAIR.sub(r"\1", found.group(1)), name)
    elif "\\" in name:
        name = _QUOTED_PAIR.sub(r"\1", name)
    text = decoded(name.encode("utf-8", "surrogateescape"), charset)
    text = _SPACES.sub(" ", text).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if text.count('"') == 1:
        text = text.replace('"', "").strip()
    return text.replace('\\"', '"')
