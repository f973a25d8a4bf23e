"""Pictures that stand amid the words of a mail, and which file each of them is (P20)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

from hauspost.ground.text.markup import escaped
from hauspost.ground.text.safe_html import plain_id

from ._attachments import Attachment, harmless_name
from ._transfer import base64_bytes

_MOST_TAKEN_OUT = 200
_SOURCE = re.compile(
    r"(<img\b[^<>]{0,2000}?\bsrc\s{0,3}=\s{0,3})(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s\"'<>]{1,2000}))",
    re.IGNORECASE,
)
_DATA_PICTURE = re.compile(r"data:(image/(?:png|jpeg|jpg|gif|webp|bmp));base64,([A-Za-z0-9+/=\s%]{20,})", re.IGNORECASE)
# Outlook numbers its pictures in their ids: image001.png@01D9AB12.
_NAME_IN_ID = re.compile(r"([\w.-]{1,80}\.[A-Za-z0-9]{2,5})@")


def name_in_id(content_id: str) -> str:
    """The file name in an id of Outlook's kind, or nothing."""
    found = _NAME_IN_ID.match(content_id)
    return found.group(1) if found else ""


def pictures_named(html: str, files: list[Attachment], places: Sequence[str]) -> str:
    """The HTML with its pictures pointing to files by Content-ID, however it named them (P20.1).

    By a file's name or location, by an id that only its name answers to, or given as `data:` right there: those
    become files, too. `places` holds the Content-Location of each file.
    """
    ids = {plain_id(file.content_id) for file in files if file.content_id}
    by_name = _by_name(files, places)

    def named(hit: "re.Match[str]") -> str:
        source = unescape(hit.group(2) or hit.group(3) or hit.group(4) or "").strip()
        known = _file_for(source, ids, by_name)
        if known is None:
            return hit.group()
        file = files[known]
        if not file.content_id:
            file = files[known] = replace(file, content_id=f"picture-{known + 1}@letter")
        return f'{hit.group(1)}"cid:{escaped(file.content_id)}"'

    def taken_out(hit: "re.Match[str]") -> str:
        if len(files) > _MOST_TAKEN_OUT:
            return hit.group()
        number, kind = len(files) + 1, hit.group(1).lower()
        content = base64_bytes(unquote(hit.group(2)).encode("ascii", "replace"))
        name = harmless_name("", kind, base=f"image-{number}")
        files.append(Attachment(name, kind, content, f"picture-{number}@letter"))
        return f"cid:picture-{number}@letter"

    if by_name:
        html = _SOURCE.sub(named, html)
    return _DATA_PICTURE.sub(taken_out, html) if "data:image/" in html.lower() else html


def marked_inline(files: Sequence[Attachment], html: str) -> tuple[Attachment, ...]:
    """Which files stand inside the words: those that a picture shows; all others are listed (P20.2).

    An id in a background or a link shows nothing here, so its file stays in the list.
    """
    if "cid:" not in html.lower():
        return tuple(files)
    named = {
        plain_id(source.strip()[4:])
        for found in _SOURCE.findall(html)
        if (source := unescape(next(filter(None, found[1:]), ""))).strip()[:4].lower() == "cid:"
    }
    return tuple(
        replace(file, is_inline=True) if file.content_id and plain_id(file.content_id) in named else file
        for file in files
    )


def _by_name(files: Sequence[Attachment], places: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, file in enumerate(files):
        if file.content_type.startswith("image/") or file.content_type == "application/octet-stream":
            place = places[index] if index < len(places) else ""
            for name in {file.declared_name.lower(), place.lower(), name_in_id(file.content_id).lower()} - {""}:
                found.setdefault(name, []).append(index)
    return found


def _file_for(source: str, ids: set[str], by_name: dict[str, list[int]]) -> int | None:
    """Which file a source means, if it is not plain already; two files of one name are no answer."""
    if source[:4].lower() == "cid:":
        wanted = plain_id(source[4:])
        if wanted in ids:
            return None
        which = by_name.get(wanted, []) or by_name.get(name_in_id(wanted), [])
    else:
        lowered = source.lower()
        which = by_name.get(lowered, []) or by_name.get(unquote(lowered).removeprefix("./"), [])
    return which[0] if len(which) == 1 else None
