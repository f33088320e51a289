"""mp3 files as they are found: without their length, as those written through a pipe, or behind other bytes.

An mp3 is a chain of frames. An encoder that knows how many there will be writes the number into the first one; where it
is missing, a decoder guesses from the size of that first frame, and cuts tracks of variable bit rate short.
"""

import re
import struct
from io import BytesIO

_DECLARED = re.compile(rb"(?:Xing|Info)\0\0\0[\1\3\5\7\t\x0b\r\x0f](?!\0{4})|VBRI", re.DOTALL)
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = (44100, 48000, 32000, 0)
_NEAR = 2**16
"""Bytes behind the ID3v2 tags in which the first frame is looked for."""


def is_mp3_without_length(source: str | bytes) -> bool:
    """Tell whether a file, or its content, is an mp3 whose first frame does not declare how many there are."""
    head = _behind_tags(source, 512)
    return _frame_length(head) > 0 and not _DECLARED.search(head)


def with_length(source: str | bytes) -> bytes:
    """Return the content of an mp3 with a frame in front, a Xing header, that declares the number of its frames."""
    frames = _behind_tags(source)
    n_frames, position, in_chain = 0, 0, True
    while position >= 0:
        length = _frame_length(frames[position : position + 4])
        in_chain = length > 0 and (in_chain or _begins_chain(frames, position))
        n_frames += in_chain
        position = position + length if in_chain else frames.find(b"\xff", position + 1)
    mpeg1, mono = frames[1] & 0x08 > 0, frames[3] >> 6 == 3
    header = bytearray(frames[:4])
    header[1] |= 0x01  # no checksum follows
    header[2] = header[2] & 0x0D | 0xA0  # a bit rate at which a frame has room for what is written here
    side = (17 if mono else 32) if mpeg1 else (9 if mono else 17)
    frame = bytes(header) + bytes(side) + b"Xing" + struct.pack(">II", 1, n_frames)
    return frame.ljust(_frame_length(frame), b"\0") + frames


def from_first_frame(source: str | bytes) -> bytes | None:
    """Return the content of an mp3 without what is in front of its first frame and no ID3v2 tag.

    Players pass over zeros, tags of other kinds and what a download has left there. None where nothing is in front, or
    no frame near.
    """
    if _frame_length(_behind_tags(source, 4)):
        return None
    head = _behind_tags(source, _NEAR)
    starts = (match.start() for match in re.finditer(b"\xff", head))
    start = next((start for start in starts if _begins_chain(head, start)), None)
    return None if start is None else _behind_tags(source)[start:]


def _behind_tags(source: str | bytes, size: int = -1) -> bytes:
    """Return the content of a file from the end of its ID3v2 tags on, all or some bytes of it."""
    with BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
        start, head = 0, file.read(10)
        while head.startswith(b"ID3") and len(head) == 10:
            length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            start += 10 + length + (10 if head[5] & 0x10 else 0)
            file.seek(start)
            head = file.read(10)
        file.seek(start)
        return file.read(size)


def _begins_chain(frames: bytes, position: int) -> bool:
    """Tell whether three frames of a kind follow each other from here on: bytes of something else hardly look so."""
    kinds = set()
    for _ in range(3):
        header = frames[position : position + 4]
        if not (length := _frame_length(header)):
            return False
        kinds.add((header[1] & 0xFE, header[2] & 0x0C))
        position += length
    return len(kinds) == 1


def _frame_length(header: bytes) -> int:
    """Return the length of the layer III frame that a header begins, in bytes, or 0 where none begins."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2 or header[1] & 0x18 == 0x08:
        return 0
    mpeg1 = header[1] & 0x18 == 0x18
    rate = _RATES[header[2] >> 2 & 3] >> {0x18: 0, 0x10: 1, 0x00: 2}[header[1] & 0x18]
    kbits = _KBITS[mpeg1][header[2] >> 4]
    return (144000 if mpeg1 else 72000) * kbits // rate + (header[2] >> 1 & 1) if kbits and rate else 0
