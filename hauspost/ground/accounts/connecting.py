"""What every connection to a mail server has in common: why it failed, in words."""

import socket
import ssl

from django.utils.translation import gettext as _


def words_of(error: Exception) -> str:
    """Why no connection came about, without the server's name and without a full stop."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("its certificate is not trusted (%(fault)s)") % {"fault": error.verify_message}
    if isinstance(error, ssl.SSLError):
        return _("it does not speak TLS here; check port and encryption")
    if isinstance(error, socket.gaierror | UnicodeError):
        return _("no host of this name is known")
    if isinstance(error, TimeoutError):
        return _("it does not answer in time; check host and port, and the firewall")
    if isinstance(error, ConnectionRefusedError):
        return _("it refuses connections; check the port")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _("the connection was lost")
