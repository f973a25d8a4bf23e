"""What routing may refuse."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class TeamHasWork(Refused):
    """A team with open tickets, or to which categories lead, cannot be archived yet."""

    code = "team-has-work"
    words = _("%(name)s still has work: %(work)s. Hand it to another team first.")
