"""What the room of people may refuse."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class AddressTaken(Refused):
    """An address belongs to at most one person."""

    code = "address-taken"
    words = _("The address %(address)s already belongs to somebody. Merge the two persons, or give another address.")


class AddressIsAPersons(AddressTaken):
    """Mail to a person must not become a team's tickets (P7.7)."""

    words = _(
        "%(address)s is the address of a person here, so it can be no intake address. Give another address, or take it "
        "away from that person first."
    )


class AddressIsOurs(Refused):
    """P7.7: one of our own intake addresses would be a person: mail would go round in circles."""

    code = "address-is-ours"
    words = _("%(address)s is an intake address of this helpdesk and cannot be a person's. Give a personal address.")


class NoSuchPerson(Refused):
    """Nobody by this address or uid."""

    code = "no-such-person"
    status = 404
    words = _("Nobody here is known as %(who)s. Check the spelling, or search for the person.")


class LinkSpent(Refused):
    """The link was used, has expired, or never was one; which of them is not told (S12)."""

    code = "link-spent"
    status = 410
    words = _("This link does not open anything any more. Ask for a new one.")


class NotAnAddress(Refused):
    """What was given is no mail address."""

    code = "not-an-address"
    status = 422
    words = _("%(address)s is not a mail address. It needs a name, an @ and a domain.")


class AddressIsMain(Refused):
    """Mail to a person has to go somewhere."""

    code = "address-is-main"
    words = _("%(address)s is the main address. Make another one the main address first.")


class LastAdministrator(Refused):
    """Somebody has to be able to give rights back."""

    code = "last-administrator"
    words = _("%(name)s is the only administrator who can sign in. Make somebody else an administrator first.")


class NoLongerHere(Refused):
    """Who was merged or erased stays so; their row only keeps the record readable."""

    code = "no-longer-here"
    words = _("%(name)s was merged into somebody else or erased, and cannot be changed any more.")


class LineManagerCircle(Refused):
    """Nobody reports to themselves, not by way of others either."""

    code = "line-manager-circle"
    words = _("That would be a circle: %(circle)s. Choose another line manager.")


class DeputyCircle(Refused):
    """P48.1: people who are away at the same time would stand in for each other, and nobody would be there."""

    code = "deputy-circle"
    words = _("On %(day)s nobody would be there: %(circle)s. Choose another deputy.")


class AbsenceOverlaps(Refused):
    """One is away once at a time."""

    code = "absence-overlaps"
    words = _("%(name)s is away from %(starts_on)s to %(ends_on)s already. End that absence first, or take other days.")


class MailServerInUse(Refused):
    """Replies and intake would stop without a word."""

    code = "mail-server-in-use"
    words = _("%(name)s is still used by %(mailboxes)s. Let these use another mail server first.")
