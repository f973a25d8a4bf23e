"""What keeping may refuse: each names the file or place, why, and the next step."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class NoBackup(Refused):
    """The file is none of ours."""

    code = "no-backup"
    status = 422
    words = _("%(file)s is not a backup of Hauspost (%(why)s).")


class Damaged(Refused):
    """The file was cut off or altered."""

    code = "backup-damaged"
    status = 422
    words = _("%(file)s is damaged or was altered: %(why)s. Nothing was restored from it. Take another backup.")


class FromNewer(Refused):
    """The file was written by a later version."""

    code = "backup-too-new"
    status = 422
    words = _(
        "%(file)s was made by a newer Hauspost (%(version)s); this one (%(here)s) does not know %(what)s. "
        "Install the newer version and restore with it."
    )


class WrongKey(Refused):
    """The passphrase or the key file does not fit."""

    code = "backup-wrong-key"
    status = 422
    words = _("%(what)s does not fit this backup. Nothing was restored.")


class PassphraseNeeded(Refused):
    """The keys are inside, and nobody opened them; without them old signatures are worth nothing."""

    code = "passphrase-needed"
    status = 422
    words = _(
        "The keys are inside %(file)s, closed with a passphrase. Name the file it stands in with --passphrase-file, "
        "or a key file kept apart with --keys; --without-keys restores without them. Nothing was restored."
    )


class PassphraseTooShort(Refused):
    """Somebody who finds the file has all the time in the world."""

    code = "passphrase-too-short"
    status = 422
    words = _("The passphrase needs at least %(least)s characters: keys are worth as much as all passwords together.")


class NotEmpty(Refused):
    """A restore or a move never writes over anything."""

    code = "not-empty"
    words = _("%(place)s is not empty: %(found)s. Name an empty one; nothing was changed.")


class AlreadyAtWork(Refused):
    """One backup, drill, upgrade or move at a time."""

    code = "keeping-at-work"
    words = _("Another backup, drill, upgrade or move is at work here. Wait until it has ended.")


class BackupsAreOff(Refused):
    """No folder for backups is set."""

    code = "backups-off"
    words = _("No backups are made here: backup_folder is empty in hauspost.toml. Set it, or name a place with --to.")


class Incomplete(Refused):
    """A backup was made, but stored files were missing or damaged before."""

    code = "backup-incomplete"
    status = 500
    words = _(
        "%(file)s was made. Stored files that are missing or damaged in the data folder: %(count)s. "
        "`hauspost record verify` names them; bring them back from an older backup."
    )


class NotTheSame(Refused):
    """What arrived is not what left."""

    code = "not-the-same"
    status = 500
    words = _("What arrived is not what left: %(what)s. Nothing was kept of it; the original is untouched.")


class RecordBroken(Refused):
    """The record does not verify in the place it was brought to."""

    code = "record-broken"
    status = 500
    words = _("The record does not verify there: %(what)s.")


class UpgradeFailed(Refused):
    """An upgrade failed, and the database is as it was before."""

    code = "upgrade-failed"
    status = 500
    words = _("The upgrade failed: %(why)s. The database is as it was before. The backup made before is %(file)s.")


class DatabaseTooNew(Refused):
    """The database was brought up to date by a later version."""

    code = "database-too-new"
    words = _(
        "The database is newer than this program: it does not know %(what)s. Install the newer version again, or "
        "restore the backup that was made before the upgrade."
    )
