"""What an import may refuse as a whole; single rows are listed in its plan."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class Unreadable(Refused):
    """The file is no table that could be read."""

    code = "unreadable-table"
    status = 422
    words = _("The file cannot be read as a table: %(why)s")


class WrongColumns(Refused):
    """The columns do not say what is needed, or say it twice."""

    code = "wrong-columns"
    status = 422
    words = _("The columns do not fit: %(why)s")


class NeedsConsent(Refused):
    """P25.3: a half file would throw half the company out, so somebody has to look."""

    code = "needs-consent"
    words = _("Stopped before anything was done: %(why)s. Look through the preview, and confirm it if it is meant so.")


class TooLarge(Refused):
    """More than a table of people or places can be."""

    code = "too-large"
    status = 413
    words = _("The file is larger than 10 MB. Split it, or leave out columns that are not needed.")


class PlanChanged(Refused):
    """What would be done is not what was shown."""

    code = "plan-changed"
    words = _("Something has changed since the preview. Nothing was done: look at it once more.")


class TooMuch(Refused):
    """So much takes longer than a page or a program waits."""

    code = "too-much"
    words = _(
        "More than %(most)s changes take longer than a page waits. Use the command on the server: "
        "hauspost people import, or hauspost places import."
    )
