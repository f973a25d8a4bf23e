"""What the room of tickets may refuse."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class TicketClosed(Refused):
    """A done ticket takes no such change."""

    code = "ticket-closed"
    words = _("#%(number)s is done. Reopen it first.")


class ReachesNobody(Refused):
    """P5.3: a public reply without a recipient."""

    code = "reaches-nobody"
    status = 422
    words = _("This will reach nobody: #%(number)s has no recipient with a mail address. Add one, or write a note.")


class NothingWritten(Refused):
    """An entry without a word and without a file."""

    code = "nothing-written"
    status = 422
    words = _("There is nothing to send yet. Write a text or attach a file.")


class TooLate(Refused):
    """P6.4: the reply has left already."""

    code = "too-late"
    words = _("The reply in #%(number)s has already left and cannot be taken back. Write another one to correct it.")


class TooBig(Refused):
    """P5.5: more than the mail server will take."""

    code = "too-big"
    status = 413
    words = _("The files have %(found)s together; %(allowed)s are allowed. Leave some out, or send them in parts.")


class Changed(Refused):
    """P24.3: somebody else changed the same field since the page was opened; `conflicts` holds both values."""

    code = "changed-meanwhile"
    words = _("Somebody else has changed #%(number)s in the meantime. Compare both values and choose.")


class NotInTeam(Refused):
    """An assignee needs a role in the ticket's team."""

    code = "not-in-team"
    status = 422
    words = _("%(name)s is not an agent of %(team)s. Choose a member, or hand the ticket to another team.")


class NotPlaced(Refused):
    """A location of another site."""

    code = "location-elsewhere"
    status = 422
    words = _("%(location)s is not at %(site)s. Choose a location of this site.")


class SameTicket(Refused):
    """A ticket cannot be linked with itself."""

    code = "same-ticket"
    status = 422
    words = _("#%(number)s cannot be linked with itself. Give another number.")


class AnsweredMeanwhile(Refused):
    """P24.2: somebody wrote in public since the page was opened; the writer looks, and may send anyway."""

    code = "answered-meanwhile"
    words = _("#%(number)s has got a new entry while you were writing. Read it, then send again if it still fits.")


class HandoverNeedsNote(Refused):
    """P33.2: the team wants to be told why a ticket leaves it."""

    code = "handover-needs-note"
    status = 422
    words = _("%(team)s hands nothing over without a word. Write why the ticket goes to another team.")


class ReadAlready(Refused):
    """P33.3: emergency access is for what one may not read."""

    code = "read-already"
    words = _("You may read #%(number)s already. Open it like any other ticket.")


class NoSuchTicket(Refused):
    """There is no ticket of this number: what counts up tells nothing more."""

    code = "no-such-ticket"
    status = 422
    words = _("There is no ticket #%(number)s. Look at the number again.")


class NotAsked(Refused):
    """The satisfaction question does not stand, or no longer."""

    code = "not-asked"
    words = _("How #%(number)s went cannot be answered now: it is open, nobody asks, or your answer is two weeks old.")
