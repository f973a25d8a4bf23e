"""The files that people of the demo company attach: pictures, logs and papers, made by code alone."""

import random
import struct
import zlib

from tests.world import Attachment

CONTENT_TYPES = {"png": "image/png", "txt": "text/plain", "pdf": "application/pdf"}
WIDTH, HEIGHT = 420, 280


def content_of(file: Attachment) -> bytes:
    """The bytes of a file; the same for the same name."""
    dice = random.Random(file.name)
    return {"png": _picture, "txt": _log, "pdf": _paper}[file.kind](file.name, dice)


def _picture(name: str, dice: random.Random) -> bytes:
    """A photo as phones take them: a room in bad light, a grey device, a label with nothing on it."""
    wall = [dice.randrange(120, 210) for _ in range(3)]
    boxes = [(90, 70, 330, 230, 96), (110, 90, 310, 150, 60), (150, 165, 270, 215, 235)]
    grain = [bytes(dice.randrange(7) for _ in range(3 * WIDTH)) for _ in range(8)]
    rows = bytearray()
    for y in range(HEIGHT):
        light = 40 - y * 70 // HEIGHT
        row = bytearray(bytes(max(0, min(249, colour + light)) for colour in wall) * WIDTH)
        for left, top, right, bottom, shade in boxes:
            if top <= y < bottom:
                row[3 * left : 3 * right] = bytes([max(0, min(249, shade + light))]) * (3 * (right - left))
        rows.append(0)  # Each row's filter: none.
        # The grain of a bad camera; the sum of two small numbers in each byte, all bytes at once.
        noisy = int.from_bytes(row, "big") + int.from_bytes(grain[y % 8], "big")
        rows += noisy.to_bytes(3 * WIDTH, "big")
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(bytes(rows), 6)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _log(name: str, dice: random.Random) -> bytes:
    """A few dozen lines as programs write them."""
    topic = name.rpartition(".")[0]
    said = ("session opened", "keep-alive", "keep-alive", "retry 1 of 3", "timeout after 30000 ms", "connection reset")
    second, lines = 7 * 3600 + dice.randrange(3600), [f"# {topic}"]
    for _ in range(40):
        second += dice.randrange(3, 90)
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        lines.append(f"{clock}.{dice.randrange(1000):03} [{dice.randrange(2000, 9000)}] {dice.choice(said)}")
    return ("\r\n".join(lines) + "\r\n").encode()


def _paper(name: str, dice: random.Random) -> bytes:
    """A page of A4 with a heading and a number: the smallest file that PDF readers like."""
    heading = name.rpartition(".")[0].replace("-", " ").capitalize()
    lines = ["Lindner & Voss GmbH", heading, f"No. {dice.randrange(10_000, 99_999)}", "Demo paper, of no other use."]
    text = "BT /F1 16 Tf 72 760 Td 24 TL " + " ".join(f"({_escaped(line)}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text.encode('latin-1'))} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    page, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(page))
        page += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(page)}\n%%EOF\n"
    return page + end.encode("latin-1")


def _escaped(text: str) -> str:
    plain = text.encode("latin-1", "replace").decode("latin-1")
    return plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
