"""Takes mail in over LMTP, at a port or a Unix socket."""

import asyncio
import os
import socket
from pathlib import Path

from hauspost.doors.listeners._house import House
from hauspost.doors.listeners._smtp_session import LocalMailSession
from hauspost.ground.config import split_listen


async def listen(house: House, address: str) -> asyncio.Server:
    """Open the LMTP door at "host:port" or "unix:PATH". Raises OSError when the address cannot be had."""
    loop = asyncio.get_running_loop()
    if not address.startswith("unix:"):
        host, port = split_listen(address)
        return await loop.create_server(lambda: LocalMailSession(house), host, port)
    path = Path(address.removeprefix("unix:"))
    _take_dead_socket_away(path)
    server = await loop.create_unix_server(lambda: LocalMailSession(house), path)
    # The mail server's group may connect; who else may is the folder's matter.
    os.chmod(path, 0o660)
    return server


def _take_dead_socket_away(path: Path) -> None:
    """A socket that nobody answers is left from a killed process; one that answers stays, and binding fails."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as hand:
        try:
            hand.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
