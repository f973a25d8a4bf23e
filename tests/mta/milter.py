"""A filter as Postfix knows them (the milter protocol, version 6), in place of Rspamd or OpenDMARC: writes a verdict."""

import contextlib
import socket
import struct
import threading

_ADD_HEADERS = 0x01
_COMMANDS_WITHOUT_ANSWER = b"DA"


class Filter:
    """Tells of every mail, in an Authentication-Results header on top, whether its From may be believed."""

    def __init__(self, server: str, believed: str) -> None:
        self.server, self.believed = server, believed.encode()
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                guest, _ = self.door.accept()
                threading.Thread(target=self._talk, args=(guest,), daemon=True).start()

    def _talk(self, guest: socket.socket) -> None:
        is_believed = False
        with guest, guest.makefile("rb") as asked, contextlib.suppress(OSError):
            while head := asked.read(5):
                size, command = struct.unpack(">Ic", head)
                told = asked.read(size - 1)
                if command == b"O":
                    _answer(guest, b"O" + struct.pack(">III", 6, _ADD_HEADERS, 0))
                    continue
                if command == b"Q":
                    return
                if command in _COMMANDS_WITHOUT_ANSWER:
                    continue
                if command == b"M":
                    is_believed = False
                if command == b"L" and told.lower().startswith(b"from\0"):
                    is_believed = self.believed in told
                if command == b"E":
                    verdict = "pass" if is_believed else "none"
                    value = f"Authentication-Results\0{self.server}; dmarc={verdict}\0".encode()
                    _answer(guest, b"i" + struct.pack(">I", 1) + value)
                _answer(guest, b"c")


def _answer(guest: socket.socket, words: bytes) -> None:
    guest.sendall(struct.pack(">I", len(words)) + words)
