"""The demo's outgoing mails, so that a newcomer sees what the employee receives. Only in a demo."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui.serving import serve_mail_html, untouched_html
from hauspost.ground.mail.letter import Letter, read_letter

_MOST = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:,=-]{0,200}")


@dataclass(frozen=True)
class Mail:
    """One delivered letter of the demo."""

    name: str
    at: datetime
    letter: Letter

    @property
    def to(self) -> str:
        """Whom it names in To and Cc."""
        return ", ".join(box.address for box in (*self.letter.to, *self.letter.cc))


def _maildir() -> Path:
    if not settings.HAUSPOST.demo or settings.HAUSPOST.outgoing_maildir is None:
        raise Http404
    return Path(settings.HAUSPOST.outgoing_maildir)


def _read(path: Path) -> Mail:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Mail(path.name, at, read_letter(path.read_bytes()))


@at_the_desk
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailbox: the newest first."""
    folder = _maildir()
    paths = [path for part in ("new", "cur") if (folder / part).is_dir() for path in (folder / part).iterdir()]
    newest = sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)[:_MOST]
    return desk_page(
        request, "desk/mailroom/mailbox.html", current="demo-mailbox", mails=[_read(path) for path in newest]
    )


@at_the_desk
@require_GET
def one(request: HttpRequest, name: str) -> HttpResponse:
    """GET /desk/mailbox/<name>."""
    mail = _read(_path(name))
    return desk_page(request, "desk/mailroom/mail.html", current="demo-mailbox", mail=mail)


@at_the_desk
@require_GET
def body(request: HttpRequest, name: str) -> HttpResponse:
    """GET /desk/mailbox/<name>/body.html: sandboxed, as a mail program would show it."""
    return serve_mail_html(untouched_html(_path(name).read_bytes()))


def _path(name: str) -> Path:
    folder = _maildir()
    if not _NAME.fullmatch(name):
        raise Http404
    for part in ("new", "cur"):
        path = folder / part / name
        if path.is_file():
            return path
    raise Http404
