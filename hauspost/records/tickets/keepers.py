"""What of the record the tickets keep themselves: read back for verification."""

from collections.abc import Mapping, Sequence

from hauspost.ground.history.verification import Keeper
from hauspost.records.tickets.models import Attachment, Entry
from hauspost.records.tickets.writing import sealed_author, sealed_evidence, sealed_file, sealed_text


def _texts(ids: Sequence[int]) -> Mapping[int, str | None]:
    rows = Entry.objects.filter(id__in=ids).values_list("id", "text", "html", "quoted_html")
    return {entry: sealed_text(text, html, quoted) for entry, text, html, quoted in rows}


def _authors(ids: Sequence[int]) -> Mapping[int, str | None]:
    rows = Entry.objects.filter(id__in=ids).values_list("id", "author_name", "author_address", "subject")
    return {entry: sealed_author(name, address, subject) for entry, name, address, subject in rows}


def _evidence(ids: Sequence[int]) -> Mapping[int, str | None]:
    rows = Entry.objects.filter(id__in=ids).values_list("id", "evidence")
    return {entry: sealed_evidence(evidence) for entry, evidence in rows}


def _files(ids: Sequence[int]) -> Mapping[int, str | None]:
    return {row.id: sealed_file(row) for row in Attachment.objects.filter(id__in=ids).select_related("blob")}


KEEPERS: Mapping[str, Keeper] = {"entry": _texts, "author": _authors, "evidence": _evidence, "file": _files}
