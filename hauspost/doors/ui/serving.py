"""Files from tickets, served so that nothing in them can run as ours (S2)."""

import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO, TypeVar
from urllib.parse import quote

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils.html import escape

from hauspost.ground.csv import csv_bytes
from hauspost.ground.mail.as_sent import words_as_sent
from hauspost.ground.mail.raw import Raw

R = TypeVar("R", HttpResponse, FileResponse)

# What browsers may be told; everything else is a row of bytes.
_KNOWN = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "application/zip", "text/csv",
     "text/calendar", "message/rfc822"}
)  # fmt: skip
# Shown in place: pictures whose first bytes are what they say they are.
_PICTURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_MOST_OF_SOURCE = 200_000
_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
_MAIL_SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"


def serve_file(content: BinaryIO, name: str, content_type: str, *, inline: bool = False) -> FileResponse:
    """One stored file: as a download, or, asked `inline` and truly a picture, in place."""
    shown = content_type.partition(";")[0].strip().lower()
    told = shown if shown in _KNOWN else "application/octet-stream"
    in_place = inline and shown in _PICTURES and _begins(content, _PICTURES[shown])
    response = FileResponse(content, content_type=told)
    response["Content-Disposition"] = disposition("inline" if in_place else "attachment", name)
    return _contained(response)


def serve_mail_html(html: str) -> HttpResponse:
    """A mail's own HTML in a sandbox: no script, no form, no request to anywhere, no cookie of ours."""
    response = HttpResponse(html, content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = _MAIL_SANDBOX
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "private, no-store"
    return response


def untouched_html(raw: Raw, *, unread: bool = False) -> str:
    """The mail's HTML as its sender wrote it, else its text; only ever shown in the sandbox, which runs nothing.

    `unread` shows the beginning of the source: for what stopped its reader once and would stop this process, too (S19).
    """
    if unread:
        return _as_it_is(bytes(raw[:_MOST_OF_SOURCE]).decode("utf-8", "replace"))
    html, text = words_as_sent(raw)
    return html or _as_it_is(text)


def _as_it_is(text: str) -> str:
    return f"<!doctype html><meta charset=utf-8><pre>{escape(text)}</pre>"


def disposition(kind: str, name: str) -> str:
    """The Content-Disposition of a name from outside: no line ends, quotes or paths (S20), RFC 6266 for the rest."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f‪-‮⁦-⁩]", "", name).replace("/", "_").replace("\\", "_").strip() or "file"
    plain = re.sub(r"[^A-Za-z0-9 ._()+-]", "_", clean)[:150]
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean[:150], safe='')}"


def serve_csv(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    """Rows as a CSV file, sent while they are read (P15.5); no cell becomes a formula (S15)."""
    return serve_csv_pieces(csv_bytes(rows), name)


def serve_csv_pieces(pieces: Iterable[bytes], name: str) -> StreamingHttpResponse:
    """The same of pieces that are CSV already."""
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = disposition("attachment", name)
    response["Content-Security-Policy"] = _SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _contained(response: R) -> R:
    response["Content-Security-Policy"] = _SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _begins(content: BinaryIO, starts: tuple[bytes, ...]) -> bool:
    head = content.read(12)
    content.seek(0)
    return head.startswith(starts)
