"""Takes mail in over SMTP."""

import asyncio
import ssl

from hauspost.doors.listeners._house import House
from hauspost.doors.listeners._smtp_session import MailSession
from hauspost.ground.config import split_listen


async def listen(house: House, address: str) -> asyncio.Server:
    """Open the SMTP door at "host:port". Raises OSError when the address cannot be had."""
    host, port = split_listen(address)
    return await asyncio.get_running_loop().create_server(lambda: MailSession(house), host, port)


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """What STARTTLS needs. Raises ssl.SSLError or OSError when the files do not fit together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
