"""Faults that nothing in hand is guilty of: the database is away, the disk full. What was tried waits."""

import errno

from django.db import DatabaseError, InterfaceError, OperationalError

# What a database raises that does not answer; the connection is then to be dropped.
OUTAGES = (OperationalError, InterfaceError)
# What the worker's loop must outlive: any fault of the database, and the disk's.
OF_THE_MACHINE = (DatabaseError, InterfaceError, OSError)

# No room, no quota, a disk that may not be written any more, no handles, no memory.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def is_outage(fault: BaseException) -> bool:
    """Whether the machine is to blame, so that the same may work in a minute."""
    return isinstance(fault, OUTAGES) or (isinstance(fault, OSError) and fault.errno in _NO_ROOM)
