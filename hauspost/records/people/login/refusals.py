"""What signing in may refuse; nobody learns from it who has an account (S22)."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class WrongLogin(Refused):
    """Address or password is wrong; which of them is not told (S22)."""

    code = "wrong-login"
    status = 401
    words = _("Address and password do not go together. Check both; after ten tries you have to wait 15 minutes.")


class TooManyTries(Refused):
    """Somebody guesses (S22)."""

    code = "too-many-tries"
    status = 429
    words = _("There were too many tries. Wait 15 minutes, then try again.")


class TooManyMails(Refused):
    """Somebody has code after code mailed (S10, S22)."""

    code = "too-many-mails"
    status = 429
    words = _("Too many codes were asked for. Use the latest one, or try again in an hour.")


class WrongMailedCode(Refused):
    """The code is not the one that was mailed for this browser."""

    code = "wrong-mailed-code"
    status = 401
    words = _("This is not the code from the latest mail. Check its eight digits.")


class NoMailedCode(Refused):
    """No code is valid in this browser any more, or none ever was (S12)."""

    code = "no-mailed-code"
    status = 410
    words = _("The code is no longer valid, or was asked for in another browser. Ask for a new one.")


class SignInStale(Refused):
    """The second step came too late, or without the first."""

    code = "sign-in-stale"
    status = 410
    words = _("Signing in took too long. Begin again.")
