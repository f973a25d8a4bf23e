"""Telling administrators once a day that backups fail or are missing: a notice in the page and a mail."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from hauspost.duties.keeping import watching
from hauspost.duties.notices.house import Message, tell_administrators
from hauspost.duties.notices.models import Notice

KIND = "backup."
_AGAIN_AFTER = timedelta(hours=23)


def tell_of_alarm(moment: datetime) -> int:
    """Tell every administrator, unless they were told within a day or a backup is on its way; answers how many."""
    state = watching.look(moment)
    if not state.alarm or state.at_work is not None:
        return 0
    # One alarm a day, whichever of them it is.
    if Notice.objects.filter(kind__startswith=KIND, created_at__gt=moment - _AGAIN_AFTER).exists():
        return 0
    return tell_administrators(f"{KIND}{state.alarm}", lambda: _message(state), moment=moment, again_after=_AGAIN_AFTER)


def _message(state: watching.State) -> Message:
    fault = _("What was said: %(fault)s") % {"fault": state.fault[:2000]} if state.fault else ""
    return Message(
        watching.words(state.alarm),
        [fault, _("`hauspost doctor` names the fix. The state of all backups:")],
        "/desk/settings/backups",
    )
