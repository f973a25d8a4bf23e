"""What the verbs of second factors may refuse."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class WrongFactor(Refused):
    """Neither the app's present code nor an unused recovery code."""

    code = "wrong-factor"
    status = 401
    words = _("This code is not right. Type the one your app shows now; each works once.")


class FactorUnreadable(Refused):
    """The authenticator's secret was sealed with a key that is gone, say after a restore without it."""

    code = "factor-unreadable"
    words = _(
        "Your authenticator app can no longer be checked here. Use a passkey or a recovery code, "
        "or ask an administrator to reset your second factor."
    )


class PasskeyRefused(Refused):
    """The browser's answer proves no passkey of ours."""

    code = "passkey-refused"
    status = 401
    words = _("This passkey was not accepted. Try again, or choose another way to sign in.")


class PasskeyNotAdded(Refused):
    """The browser's answer makes no passkey."""

    code = "passkey-not-added"
    status = 422
    words = _("The passkey could not be added. Reload the page and try again.")


class FactorNeeded(Refused):
    """The company demands a second factor, and this is the last one."""

    code = "factor-needed"
    words = _("Your work here needs a second factor, and this is your last one. Add another one first.")


class AlreadySetUp(Refused):
    """One authenticator app a person."""

    code = "already-set-up"
    words = _("An authenticator app is set up already. Remove it before you set up another one.")
