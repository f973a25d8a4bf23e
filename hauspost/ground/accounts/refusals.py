"""Why a mail server cannot be used, in words for whoever looks after it; never with a secret in them (S21)."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class AccountTrouble(Refused):
    """A mail server that cannot be used now; every other trouble of this room is one."""

    code = "mail-server-trouble"
    status = 502
    words = _("%(server)s cannot be used: %(reason)s.")


class OnHold(AccountTrouble):
    """This desk was restored from a backup; the one it was copied from may still be at work there (P40)."""

    code = "on-hold"
    status = 409
    words = _(
        "%(server)s is on hold since this desk was restored. Resume it in the settings when this is the desk now."
    )


class SignedOut(AccountTrouble):
    """The provider takes our authorisation no more (invalid_grant); only a person can give a new one (P10.2)."""

    code = "signed-out"
    status = 409
    words = _("%(server)s takes our authorisation no more (%(reason)s). Authorise again in the settings.")


class NotAuthorised(SignedOut):
    """Nobody has authorised yet, or there is no password."""

    code = "not-authorised"
    words = _("%(server)s has not been authorised yet. Authorise it, or enter a password, in the settings.")


class SecretUnreadable(SignedOut):
    """Sealed with another key: the key file is not the one of this database."""

    code = "secret-unreadable"
    words = _(
        "The secrets of %(server)s cannot be read with this key file. Restore data/django-secret from the backup, or "
        "enter password and client secret again."
    )


class ClientRefused(AccountTrouble):
    """The provider does not take our program: client id, secret, tenant, redirect address or scopes are wrong."""

    code = "client-refused"
    status = 409
    words = _(
        "The provider of %(server)s does not accept this program (%(reason)s). Check client id, client secret, tenant "
        "and the redirect address registered there."
    )


class AccountUnreachable(AccountTrouble):
    """Nobody answered, or not usably; later it may work by itself."""

    code = "mail-server-unreachable"
    words = _("%(server)s cannot be reached: %(reason)s.")


class LoginRefused(AccountTrouble):
    """The mail server does not let us in with what we have."""

    code = "login-refused"
    status = 409
    words = _("%(server)s does not let us in: %(reason)s.")


class NoSuchFolder(AccountTrouble):
    """A folder that is not there, or that we may not open."""

    code = "no-such-folder"
    status = 404
    words = _("%(server)s does not open the folder %(folder)s: %(reason)s.")
