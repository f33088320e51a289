"""From samples to mel power without leaving the cache: a program for each length of transform.

Sixteen frames are worked on at a time. Each is windowed and transformed, neighbouring samples taken as the real and
imaginary part of one complex number, so that the transform is half as long; the spectrum of the real samples is put
together from both ends of that. The power of the sixteen frames is transposed, and each band adds up its few bins for
all of them at once. All this takes less than half the time of a library's Fourier transform alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from skgenre._lanes import LANES, Complex, Index, Integers, Loop, Memory, Program, transposed

SMALLEST = 128
"""Shortest transform: a quarter of half of it fills the lanes."""


def supports(n_fft: int) -> bool:
    """Return whether there is a program for transforms of this length: the powers of two."""
    return n_fft >= SMALLEST and n_fft & (n_fft - 1) == 0


def fill_mel_power(
    out: np.ndarray, y: np.ndarray, n_fft: int, hop_length: int, bands: np.ndarray, weights: np.ndarray
) -> None:
    """Compute the mel power of a waveform, with zeros beyond both ends.

    Parameters
    ----------
    out : ndarray of shape (n_mels, n_frames), float32
        Is filled.
    y : ndarray of shape (n_samples,), float32
        Waveform; contiguous.
    n_fft, hop_length : int
        Length of a frame and step between frames, in samples.
    bands, weights : ndarray of shape (3, n_mels), int64, and ndarray of shape (n_weights,), float32
        The filters, as ``mel_bands`` gives them.
    """
    program, window, rotations = _prepared(n_fft)
    n_mels, n_frames = out.shape
    work = np.empty(_stride(n_fft // 2) * (4 + 2 * LANES) + LANES, dtype=np.float32)
    work = work[-work.ctypes.data % 64 // 4 :]  # sixteen numbers that straddle no cache line are read twice as fast
    # Only the frames that reach beyond an end are padded: copying the waveform would take a fifth of the whole time.
    half = n_fft // 2
    head = min(-(-half // hop_length), n_frames)
    tail = max(head, (len(y) - half) // hop_length + 1)
    for start, stop in ((0, head), (head, tail), (tail, n_frames)):
        if start == stop:
            continue
        begin, end = start * hop_length - half, (stop - 1) * hop_length + half
        samples = y[max(begin, 0) : end]
        if begin < 0 or end > len(y):
            samples = np.pad(samples, (max(-begin, 0), max(end - len(y), 0)))
        # The program always writes sixteen frames at least.
        part = out[:, start:stop] if stop - start >= LANES else np.empty((n_mels, LANES), dtype=np.float32)
        step = part.strides[0] // part.itemsize
        program.run(samples, hop_length, stop - start, window, rotations, bands, weights, n_mels, work, part, step)
        if stop - start < LANES:
            out[:, start:stop] = part[:, : stop - start]


@lru_cache(maxsize=16)
def _prepared(n_fft: int) -> tuple[Program, np.ndarray, np.ndarray]:
    """Return the program, the window and the rotations for a length of transform."""
    parameters = (Memory, Index, Index, Memory, Memory, Integers, Memory, Index, Memory, Memory, Index)
    program = Program(partial(_write_program, n_fft // 2), *parameters)
    # Half of a periodic Hann window: what is put together from both ends of a spectrum is half of a sum.
    window = 0.25 - 0.25 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    return program, window.astype(np.float32), _rotations(n_fft // 2)


def _stride(n: int) -> int:
    """Return the room for ``n`` numbers and one more: no multiple of 4 KiB, at which places in the cache collide."""
    return n + LANES


def _first_radix(n: int) -> int:
    """Return how many parts the first pass joins, so that all others join four: ``n`` is 4^k or 2 * 4^k."""
    return 4 if n.bit_length() % 2 else 2


def _passes(n: int) -> Iterator[tuple[int, int]]:
    """Yield, for each pass after the first, the length of the spectra that it joins by four and how many it makes."""
    length = _first_radix(n)
    while length < n:
        yield length, n // (4 * length)
        length *= 4


def _rotations(n: int) -> np.ndarray:
    """Return what the passes and the last step multiply by, in the order and the form in which they read it."""
    rotations = []
    for length, n_spectra in _passes(n):
        turn = np.exp(-0.5j * np.pi * np.arange(length) / length)
        if n_spectra < LANES:
            turn = np.repeat(turn, n_spectra)
        rotations += [turn, turn**2, turn**3]
    rotations.append(np.exp(-1j * np.pi * np.arange(n // 2 + LANES) / n))
    return np.concatenate([part for turn in rotations for part in (turn.real, turn.imag)]).astype(np.float32)


@dataclass
class _Numbers:
    """Complex numbers in memory: the real parts and, a stride further on, the imaginary ones."""

    memory: Memory
    stride: int

    def read(self, position: int | Index) -> Complex:
        place = self.memory + position
        return Complex(place.read(), (place + self.stride).read())

    def write(self, position: int | Index, numbers: Complex) -> None:
        place = self.memory + position
        place.write(numbers.real)
        (place + self.stride).write(numbers.imag)


def _write_program(
    n: int,
    samples: Memory,
    hop_length: Index,
    n_frames: Index,
    window: Memory,
    rotations: Memory,
    bands: Integers,
    weights: Memory,
    n_mels: Index,
    work: Memory,
    out: Memory,
    out_step: Index,
) -> None:
    b, stride = samples.b, _stride(n)
    rows = work + 4 * stride  # power by frame, after two buffers of complex numbers
    columns = rows + LANES * stride  # power by bin
    with Loop(b, n_frames, LANES) as tile:
        # The last sixteen frames overlap those before them; where there are fewer in all, the last one is repeated.
        first = tile.index.at_most((n_frames - LANES).at_least(0))
        with Loop(b, LANES) as lane:
            frame = samples + (first + lane.index).at_most(n_frames - 1) * hop_length
            source, target = _Numbers(work, stride), _Numbers(work + 2 * stride, stride)
            _write_first_pass(n, frame, window, source)
            place = rotations
            for length, n_spectra in _passes(n):
                _write_pass(n, n_spectra, place, source, target)
                place = place + 6 * (length if n_spectra >= LANES else n // 4)
                source, target = target, source
            _write_power(n, place, source, rows + lane.index * stride)
        with Loop(b, n + 1, LANES) as bins:
            block = [(rows + k * stride + bins.index).read() for k in range(LANES)]
            for k, column in enumerate(transposed(block)):
                (columns + (bins.index + k) * LANES).write(column)
        with Loop(b, n_mels) as band:
            begin, size, offset = ((bands + band.index + n_mels * row).read_index() for row in range(3))
            with Loop(b, size) as bin_:
                power = (columns + (begin + bin_.index) * LANES).read()
                bin_.total = bin_.total + (weights + offset + bin_.index).read_one() * power
            (out + band.index * out_step + first).write(bin_.total)


def _write_first_pass(n: int, samples: Memory, window: Memory, target: _Numbers) -> None:
    """Window the samples, take pairs of them as complex numbers and join those n / 2 or n / 4 apart."""
    step = n // _first_radix(n)
    with Loop(samples.b, step, LANES) as run:
        parts = []
        for k in range(n // step):
            place = (run.index + k * step) * 2
            low, high = ((samples + place + lane).read() * (window + place + lane).read() for lane in (0, LANES))
            parts.append(Complex(*(low.pick(high, range(parity, 2 * LANES, 2)) for parity in (0, 1))))
        for k, part in enumerate(_joined(parts)):
            target.write(run.index + k * step, part)


def _write_pass(n: int, n_spectra: int, rotations: Memory, source: _Numbers, target: _Numbers) -> None:
    """Join spectra by four, after Stockham: the numbers stand bin by bin, spectrum by spectrum, and stay sorted."""
    with Loop(rotations.b, n // 4, LANES) as run:
        if n_spectra >= LANES:  # the lanes are spectra, and all are rotated alike
            length = n // (4 * n_spectra)
            bin_ = run.index // n_spectra
            parts = [source.read(run.index + bin_ * (3 * n_spectra) + k * n_spectra) for k in range(4)]
            turns = [(rotations + k * length + bin_).read_one() for k in range(6)]
        else:  # the lanes are several bins of all spectra, whose four parts stand side by side
            blocks = [source.read(run.index * 4 + k * LANES) for k in range(4)]
            real = transposed([block.real for block in blocks], n_spectra)
            imag = transposed([block.imag for block in blocks], n_spectra)
            parts = [Complex(*part) for part in zip(real, imag, strict=True)]
            turns = [(rotations + k * (n // 4) + run.index).read() for k in range(6)]
        turned = [
            part * Complex(*turn)
            for part, turn in zip(parts[1:], zip(turns[::2], turns[1::2], strict=True), strict=True)
        ]
        for k, part in enumerate(_joined([parts[0], *turned])):
            target.write(run.index + k * (n // 4), part)


def _joined(parts: list[Complex]) -> list[Complex]:
    """Return the Fourier transform of two or four numbers."""
    if len(parts) == 2:
        return [parts[0] + parts[1], parts[0] - parts[1]]
    even, even_difference = parts[0] + parts[2], parts[0] - parts[2]
    odd, difference = parts[1] + parts[3], parts[1] - parts[3]
    quarter_turn = Complex(difference.imag, difference.real)  # times -i, but for the sign of the imaginary part
    return [
        even + odd,
        Complex(even_difference.real + quarter_turn.real, even_difference.imag - quarter_turn.imag),
        even - odd,
        Complex(even_difference.real - quarter_turn.real, even_difference.imag + quarter_turn.imag),
    ]


def _write_power(n: int, rotations: Memory, source: _Numbers, power: Memory) -> None:
    """Put the spectrum of the samples together from that of their pairs, and square it.

    Bin k of the even samples is half of Z[k] + conj(Z[n - k]), that of the odd ones half of their difference over i.
    """
    for place in (source.memory, source.memory + source.stride):
        (place + n).copy_one(place)  # Z[n] is Z[0]
    with Loop(power.b, n // 2 + 1, LANES) as bins:
        mirrored = bins.index * -1 + (n + 1 - LANES)
        near, far = source.read(bins.index), source.read(mirrored)
        far = Complex(far.real.reversed(), far.imag.reversed())
        even = Complex(near.real + far.real, near.imag - far.imag)
        odd = Complex(near.imag + far.imag, far.real - near.real)
        turn = rotations + bins.index
        turned = odd * Complex(turn.read(), (turn + (n // 2 + LANES)).read())
        (power + bins.index).write((even + turned).power())
        (power + mirrored).write((even - turned).power().reversed())
