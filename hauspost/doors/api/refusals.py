"""What the door for programs refuses before any verb is asked."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class TokenMissing(Refused):
    """Nobody is named: cookies do not count here (S23)."""

    code = "token-missing"
    status = 401
    words = _("This needs an access token: send the header “Authorization: Bearer hp_…”.")


class TokenNotValid(Refused):
    """Unknown, expired, revoked, or its person no longer acts; which of them is not told (S22)."""

    code = "token-not-valid"
    status = 401
    words = _("This access token does not open anything (any more). Make a new one on the page “Access for programs”.")


class TooManyWrongTokens(Refused):
    """Somebody guesses, or a program goes on with a token that is gone (S22)."""

    code = "too-many-wrong-tokens"
    status = 429
    words = _("There were too many wrong tokens from your address. Wait 15 minutes, then use a valid one.")


class ScopeMissing(Refused):
    """The person may, but this token is not made for it."""

    code = "scope-missing"
    status = 403
    words = _("This token does not have the scope “%(scope)s”. Make one that has it.")


class NotUnderstood(Refused):
    """What was sent is no JSON, or no form."""

    code = "not-understood"
    status = 400
    words = _(
        "The body of the request cannot be read. Send JSON in UTF-8, or multipart/form-data where files go along."
    )


class NoSuchMethod(Refused):
    """There is something at this address, but not for this method."""

    code = "method-not-possible"
    status = 405
    words = _("This address does not know the method %(method)s. The header Allow names those it knows.")


class OtherMediaType(Refused):
    """The body comes in a form that this address does not read."""

    code = "media-type"
    status = 415
    words = _("This address does not read %(found)s. Send %(wanted)s.")


class BodyTooBig(Refused):
    """More than is read into memory at once."""

    code = "too-big"
    status = 413
    words = _("This is too big: at most %(allowed)s. Send large files as multipart/form-data, or in several entries.")


class KeyUsedOtherwise(Refused):
    """The same Idempotency-Key came with another request."""

    code = "idempotency-key-used"
    status = 422
    words = _("This Idempotency-Key belongs to another request of the last 24 hours. Take a new key for a new request.")


class StillWorking(Refused):
    """The first request with this key has not ended yet."""

    code = "idempotency-key-in-use"
    status = 409
    words = _("The first request with this Idempotency-Key is still at work. Ask again in a second.")


class OtherServerTrouble(Refused):
    """A mail server that we were to ask does not answer as it should; what it said, in words."""

    code = "other-server-trouble"
    words = "%(said)s"


class FileGone(Refused):
    """A file that was to be brought in is not there any more."""

    code = "file-gone"
    words = _("The file was kept for a day and is gone. Send it once more.")


class PreviewChanged(Refused):
    """Nobody is erased otherwise than somebody has read."""

    code = "preview-changed"
    words = _("What an erasure would take away has changed since the preview was read. Read it again.")


class CarriedOutAlready(Refused):
    """An import is done once."""

    code = "carried-out-already"
    words = _(
        "This file is already being brought in, or it was. Read what came of it; to bring in more, send it again."
    )
