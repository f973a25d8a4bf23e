"""Telling administrators that mail stands still, that a mailbox is unusually quiet, that a client secret ends (P10)."""

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hauspost.duties.intake import watching
from hauspost.duties.notices.house import Message, tell_administrators
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.records.people.models import Mailbox

# Of one trouble once, and again each day while it lasts; of a new one on the same server an hour later at the earliest.
_AGAIN_AFTER = timedelta(hours=23)
_NEW_ONE_AFTER = timedelta(hours=1)
# So long the same warning of one secret is not given again; the next secret ends later than that.
_SECRET_ONCE_IN = timedelta(days=29)
_SECRET_DAYS = (-1, 1, 7, 30)

_EVERY_SECONDS = {"troubles": 60.0, "silences": 900.0, "secrets": 3600.0}
_next: dict[str, float] = {}


def run_due() -> int:
    """Tell of what there is to tell, each kind at its own pace; answers how many times somebody was told."""
    moment, done = clock.now(), 0
    for what, tell in (("troubles", tell_of_troubles), ("silences", tell_of_silences), ("secrets", tell_of_secrets)):
        if time.monotonic() >= _next.get(what, 0.0):
            _next[what] = time.monotonic() + _EVERY_SECONDS[what]
            done += tell(moment)
    return done


def tell_of_troubles(moment: datetime) -> int:
    """P10.2, P1.4: one notice and one mail for a trouble, not one each time it is met."""
    return sum(_tell_of(trouble, moment) for trouble in watching.troubles(moment))


@transaction.atomic
def _tell_of(trouble: watching.Trouble, moment: datetime) -> int:
    long_ago = Q(told_at=None) | Q(told_at__lt=moment - _AGAIN_AFTER)
    is_new = Q(told_at__lt=min(trouble.since, moment - _NEW_ONE_AFTER))
    # The row decides between several workers.
    if not MailAccount.objects.filter(long_ago | is_new, pk=trouble.account).update(told_at=moment):
        return 0
    tell_administrators(f"mailbox.{trouble.kind}:{trouble.account}", lambda: _message_of(trouble), moment=moment)
    return 1


def _message_of(trouble: watching.Trouble) -> Message:
    if trouble.kind == "signed_out":
        next_step = _("Authorise again on this page; what came meanwhile is fetched then, and nothing is lost.")
    else:
        next_step = _("It is tried again by itself, at least every five minutes. The page tells what is wrong:")
    said = [_("What was said: %(fault)s") % {"fault": one[:500]} for one in trouble.said[:5]]
    since = _("It has not worked since %(when)s.") % {"when": _when(trouble.since)}
    return Message(trouble.words(), [since, *said, next_step], f"/desk/settings/mail-servers/{trouble.account}")


def tell_of_silences(moment: datetime) -> int:
    """P10.3: once for each silence; it is over with the next mail."""
    return sum(_tell_of_silence(silence, moment) for silence in watching.silences(moment))


@transaction.atomic
def _tell_of_silence(silence: watching.Silence, moment: datetime) -> int:
    box = silence.mailbox
    if not silence.is_unusual:
        if box.told_quiet_at is not None:
            Mailbox.objects.filter(pk=box.pk).update(told_quiet_at=None)
        return 0
    if not Mailbox.objects.filter(pk=box.pk, told_quiet_at=None).update(told_quiet_at=moment):
        return 0
    tell_administrators(f"mailbox.quiet:{box.pk}", lambda: _message_of_silence(silence), moment=moment)
    return 1


def _message_of_silence(silence: watching.Silence) -> Message:
    box = silence.mailbox
    headline = _("%(mailbox)s is unusually quiet.") % {"mailbox": box.address.address}
    lines = [_("The last mail came %(when)s.") % {"when": _when(silence.last_at)}]
    # How much a confidential team gets is nobody else's business (P33.3).
    if silence.missed and not box.team.is_confidential:
        lines.append(
            _(
                "By the weekdays and hours of the four weeks before, about %(count)s mails would have come since then. "
                "On a holiday that may be right."
            )
            % {"count": round(silence.missed)}
        )
    lines.append(_("A broken mailbox can look like a quiet one. Send it a mail, and see on this page if it comes:"))
    return Message(headline, lines, f"/desk/settings/mailboxes/{box.pk}")


def tell_of_secrets(moment: datetime) -> int:
    """P10.5: 30, 7 and 1 days before a client secret ends, and when it has ended."""
    return sum(_tell_of_secret(one, moment) for one in watching.ending_secrets(moment))


def _tell_of_secret(one: watching.EndingSecret, moment: datetime) -> int:
    step = next(days for days in _SECRET_DAYS if one.days_left <= days)
    kind = f"mailbox.secret:{one.account.pk}.{step}"
    told = tell_administrators(kind, lambda: _message_of_secret(one), moment=moment, again_after=_SECRET_ONCE_IN)
    return int(told > 0)


def _message_of_secret(one: watching.EndingSecret) -> Message:
    name = {"name": one.account.name, "days": one.days_left}
    if one.days_left < 0:
        headline = _("The client secret of the mail server %(name)s has ended.") % name
    elif one.days_left == 0:
        headline = _("The client secret of the mail server %(name)s ends today.") % name
    else:
        headline = ngettext(
            "The client secret of the mail server %(name)s ends in %(days)s day.",
            "The client secret of the mail server %(name)s ends in %(days)s days.",
            one.days_left,
        ) % name  # fmt: skip
    lines = [_("Make a new one at the provider, and enter it with its date on this page. Then no mail stands still.")]
    return Message(headline, lines, f"/desk/settings/mail-servers/{one.account.pk}")


def _when(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
