"""Files that a form brought along."""

from django.http import HttpRequest

from hauspost.records.tickets.writing import NewFile


def files_of(request: HttpRequest, name: str = "files") -> list[NewFile]:
    """The files that were attached; their names without any path."""
    return [
        NewFile(
            name=(upload.name or "file").replace("\\", "/").rpartition("/")[2][:255] or "file",
            content_type=(upload.content_type or "application/octet-stream")[:120],
            content=upload.read(),
        )
        for upload in request.FILES.getlist(name)
    ]
