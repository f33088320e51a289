"""The length of mp3 files that do not declare it, such as those written through a pipe.

An mp3 is a chain of frames. An encoder that knows how many there will be writes the number into the first one; where it
is missing, a decoder guesses from the size of that first frame, and cuts tracks of variable bit rate short.
"""

import re
import struct

_DECLARED = re.compile(rb"(?:Xing|Info)\0\0\0[\1\3\5\7\t\x0b\r\x0f](?!\0{4})|VBRI", re.DOTALL)
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = (44100, 48000, 32000, 0)


def is_mp3_without_length(source: str | bytes) -> bool:
    """Tell whether a file, or its content, is an mp3 whose first frame does not declare how many there are."""
    if isinstance(source, bytes):
        start = _tag_length(source[:10])
        head = source[start : start + 512]
    else:
        with open(source, "rb") as file:
            file.seek(_tag_length(file.read(10)))
            head = file.read(512)
    return _frame_length(head) > 0 and not _DECLARED.search(head)


def with_length(source: str | bytes) -> bytes:
    """Return the content of an mp3 with a frame in front, a Xing header, that declares the number of its frames."""
    if isinstance(source, str):
        with open(source, "rb") as file:
            source = file.read()
    start = _tag_length(source[:10])
    n_frames, position = 0, start
    while position >= 0:
        length = _frame_length(source[position : position + 4])
        n_frames += length > 0
        position = position + length if length else source.find(b"\xff", position + 1)
    mpeg1, mono = source[start + 1] & 0x08 > 0, source[start + 3] >> 6 == 3
    header = bytearray(source[start : start + 4])
    header[1] |= 0x01  # no checksum follows
    header[2] = header[2] & 0x0D | 0xA0  # a bit rate at which a frame has room for what is written here
    side = (17 if mono else 32) if mpeg1 else (9 if mono else 17)
    frame = bytes(header) + bytes(side) + b"Xing" + struct.pack(">II", 1, n_frames)
    return frame.ljust(_frame_length(frame), b"\0") + source[start:]


def _tag_length(head: bytes) -> int:
    """Return the length of the ID3v2 tag in front of the first frame, in bytes."""
    if len(head) < 10 or not head.startswith(b"ID3"):
        return 0
    length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 10 + length + (10 if head[5] & 0x10 else 0)


def _frame_length(header: bytes) -> int:
    """Return the length of the layer III frame that a header begins, in bytes, or 0 where none begins."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2 or header[1] & 0x18 == 0x08:
        return 0
    mpeg1 = header[1] & 0x18 == 0x18
    rate = _RATES[header[2] >> 2 & 3] >> {0x18: 0, 0x10: 1, 0x00: 2}[header[1] & 0x18]
    kbits = _KBITS[mpeg1][header[2] >> 4]
    return (144000 if mpeg1 else 72000) * kbits // rate + (header[2] >> 1 & 1) if kbits and rate else 0
