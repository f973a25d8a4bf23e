"""What a program wrote: its text, and the files that came with it, in the form or in the JSON."""

import base64
import binascii

from django.http import HttpRequest
from django.utils.translation import gettext as _

from hauspost.doors.api.shapes.changes import Written
from hauspost.doors.ui.uploads import files_of
from hauspost.ground.refusals import Invalid
from hauspost.records.tickets.models import Channel
from hauspost.records.tickets.writing import NewFile, Writing


def writing_of(request: HttpRequest, written: Written, *, channel: str = Channel.API) -> Writing:
    """A text with its files, ready for a verb. Raises Invalid."""
    files = [*files_of(request), *_small_files(written)]
    return Writing(text=written.text.replace("\r\n", "\n"), files=files, channel=channel)


def _small_files(written: Written) -> list[NewFile]:
    files = []
    for place, file in enumerate(written.files):
        try:
            content = base64.b64decode(file.content, validate=True)
        except (binascii.Error, ValueError) as fault:
            raise Invalid(f"files.{place}.content", _("give base64")) from fault
        name = file.name.replace("\\", "/").rpartition("/")[2] or "file"
        files.append(NewFile(name=name, content_type=file.content_type[:120], content=content))
    return files
