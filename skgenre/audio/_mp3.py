"""mp3 files as they are found: without their length, as those written through a pipe, or behind other bytes.

An mp3 is a chain of frames. An encoder that knows how many there will be writes the number into the first one; where it
is missing, a decoder guesses from the size of that first frame, and cuts tracks of variable bit rate short.
"""

import re
import struct
from io import BytesIO

_DECLARED = re.compile(rb"(?:Xing|Info)\0\0\0([\1\3\5\7\t\x0b\r\x0f])(?!\0{4}).{4}(.{4})", re.DOTALL)
"""What tells libsndfile the number of frames, and with the second bit of its flags the number of their bytes."""
_NO_SOUND = re.compile(rb"Xing|Info|VBRI")
"""What a first frame holds that is there for its header alone."""
_HEADER = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = (44100, 48000, 32000, 0)
_FEW = 2**13
"""Bytes that hold some frames."""
_NEAR = 2**16
"""Bytes behind the ID3v2 tags in which the first frame is looked for."""


def is_mp3_without_length(source: str | bytes) -> bool:
    """Tell whether a file, or its content, is an mp3 whose first frame does not declare how many there are.

    Or which goes on behind what it declares, as files that were joined.
    """
    head = _behind_tags(source, _FEW)
    if not _frame_length(head) or (len(head) == _FEW and not _begins_chain(head, 0)):
        return False
    if not (declared := _DECLARED.search(head[: _frame_length(head)])):
        return True
    flags, n_bytes = declared[1][0], int.from_bytes(declared[2])
    return flags & 2 > 0 and _first_frame(_behind_tags(source, _NEAR, skip=n_bytes)) is not None


def with_length(source: str | bytes) -> bytes:
    """Return the content of an mp3 with a frame in front, a Xing header, that declares the number of its frames."""
    frames = _behind_tags(source)
    length = _frame_length(frames[:4])
    if _NO_SOUND.search(frames[:length]) and _frame_length(frames[length : length + 4]):
        frames = frames[length:]
    n_frames, position, in_chain = 0, 0, True
    while position >= 0:
        length = _frame_length(frames[position : position + 4])
        in_chain = length > 0 and (in_chain or _begins_chain(frames, position))
        n_frames += in_chain
        position = position + length if in_chain else _next_header(frames, position + 1)
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
    start = _first_frame(_behind_tags(source, _NEAR))
    return None if start is None else _behind_tags(source)[start:]


def _first_frame(content: bytes) -> int | None:
    starts = (match.start() for match in _HEADER.finditer(content))
    return next((start for start in starts if _begins_chain(content, start)), None)


def _next_header(frames: bytes, position: int) -> int:
    found = _HEADER.search(frames, position)
    return found.start() if found else -1


def _behind_tags(source: str | bytes, size: int = -1, *, skip: int = 0) -> bytes:
    """Return the content of a file from the end of its ID3v2 tags on, or beyond: all or some bytes of it."""
    with BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
        start, head = 0, file.read(10)
        while head.startswith(b"ID3") and len(head) == 10:
            length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            start += 10 + length + (10 if head[5] & 0x10 else 0)
            file.seek(start)
            head = file.read(10)
        file.seek(start + skip)
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
