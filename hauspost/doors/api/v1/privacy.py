"""Everything about a person as one file, and erasing a person for good."""

import hashlib
import tempfile

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.text import slugify
from ninja import Path

from hauspost.doors.api.finding import administrator
from hauspost.doors.api.refusals import PreviewChanged
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Uid
from hauspost.doors.api.shapes.privacy import ErasureAsked, ErasureDone, ErasurePreview
from hauspost.duties.privacy import erasure
from hauspost.duties.privacy.erasure import Preview
from hauspost.duties.privacy.export import export
from hauspost.ground.refusals import NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets.knowing import without_secret_strangers

routes = Routes("Privacy")
# No token has it unless somebody has ticked it.
SCOPE = "privacy:write"
_IN_MEMORY_BYTES = 10_000_000


@routes.get("/people/{uid}/export", scope=SCOPE, bytes_as="application/zip")
def export_person(request: HttpRequest, uid: Path[Uid]) -> HttpResponseBase:
    """Export everything about a person as a zip

    To read and to process, with files and mails. That it was exported stands in the record. Administrators only, like
    everything here.
    """
    actor = administrator(request)
    person = _person(uid, actor)
    # Closed, and with that gone, by the response.
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    export(person, target, actor=actor)
    target.seek(0)
    name = f"{slugify(person.name) or 'person'}.zip"
    return FileResponse(target, as_attachment=True, filename=name, content_type="application/zip")


@routes.get("/people/{uid}/erasure", scope=SCOPE, gives=ErasurePreview)
def preview_erasure(request: HttpRequest, uid: Path[Uid]) -> ErasurePreview:
    """Read what erasing a person would take away

    And what would stay as other people's words. Of confidential teams only that there is something.
    """
    actor = administrator(request)
    seen = erasure.preview(_person(uid, actor), actor)
    told = {name: getattr(seen, name) for name in ErasurePreview.model_fields if name != "mark"}
    return ErasurePreview(mark=_mark_of(uid, seen), **told)


@routes.put("/people/{uid}/erasure", scope=SCOPE, gives=ErasureDone)
def erase_person(request: HttpRequest, uid: Path[Uid], asked: ErasureAsked) -> ErasureDone:
    """Erase a person for good

    With every double. Send the `mark` of the preview that was read: where something has changed since, 409
    `preview-changed`, and nothing is done. 409, too, for open work, a legal hold, and for yourself.
    """
    actor = administrator(request)
    person = _person(uid, actor)
    if asked.preview != _mark_of(uid, erasure.preview(person, actor)):
        raise PreviewChanged
    return ErasureDone(left=erasure.erase(person, actor=actor))


def _person(uid: str, actor: Actor) -> Person:
    found: Person | None = without_secret_strangers(actor).filter(uid=uid, erased_at__isnull=True).first()
    if found is None:
        raise NotFound
    return found


def _mark_of(uid: str, seen: Preview) -> str:
    """The mark of what was told, in whatever language it was told."""
    told = (uid.lower(), seen.name, seen.addresses, seen.requests, seen.entries, seen.files, seen.mails_in)
    blocks = (len(seen.open_work), len(seen.held), len(seen.left))
    return hashlib.sha256(repr((told, seen.mails_out, seen.parts, blocks)).encode()).hexdigest()[:32]
