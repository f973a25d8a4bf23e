"""What the files room may refuse."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import NotFound, Refused


class NoSuchBlob(NotFound):
    """No bytes are kept under this name."""

    code = "no-such-file"
    words = _("This file does not exist, or exists no longer.")


class BytesMissing(Refused):
    """The desk knows the file, but its bytes are not where they belong: a backup must bring them back."""

    code = "file-bytes-missing"
    status = 500
    words = _(
        "The bytes of file %(sha256)s are missing from the data folder. "
        "Ask an administrator to restore the folder “blobs” from the backup."
    )
