"""Sources that a stream hears to their end."""

from collections.abc import Iterator
from typing import Any

from skgenre.streaming._checks import check_finite
from skgenre.streaming._parts import Parts
from skgenre.streaming._sources import open_microphone, open_source
from skgenre.streaming._updates import StreamUpdate


class Listening:
    """Mixin of a stream that is pushed to: it takes its chunks from a source."""

    _parts: Parts
    _own_rate: int | None
    _starts_at: float

    def reset(self) -> Any:
        raise NotImplementedError

    def push(self, samples: Any, *, sample_rate: int | None = None) -> list[StreamUpdate]:
        raise NotImplementedError

    def close(self) -> list[StreamUpdate]:
        raise NotImplementedError

    def _check_rate(self, sample_rate: int | None) -> None:
        raise NotImplementedError

    def stream(self, source: Any, *, block: float = 0.1) -> Iterator[StreamUpdate]:
        """Hear a file, an open stream or a generator of chunks to its end, as another track.

        Parameters
        ----------
        source : path, bytes, open binary file, open stream or iterable of array-like
            What to hear. A file is decoded block by block. An open stream has ``samplerate`` and ``read(n)``, as
            ``sounddevice.InputStream`` and ``soundfile.SoundFile`` do; it is heard until it gives no more samples.
        block : float, default=0.1
            Seconds read at a time from a file or stream.

        Yields
        ------
        update : StreamUpdate
            As soon as it is known; the last one is ``final``.

        Raises
        ------
        AudioError
            If a file cannot be decoded.
        ValueError
            If the source has another sample rate than ``sample_rate`` says.
        """
        check_finite(block, "block")
        self.reset()
        with open_source(source, block, self._parts.loader.offset) as opened:
            self._starts_at = opened.offset
            self._check_rate(opened.sample_rate)
            for chunk in opened.chunks:
                yield from self.push(chunk, sample_rate=opened.sample_rate)
        yield from self.close()

    def listen(self, device: Any = None, *, block: float = 0.1) -> Iterator[StreamUpdate]:
        """Hear a microphone, until you stop asking; takes the extra ``live``.

        Parameters
        ----------
        device : int or str, default=None
            The microphone, as sounddevice names it. None means the system's own choice.
        block : float, default=0.1
            Seconds read at a time.

        Yields
        ------
        update : StreamUpdate
            As soon as it is known.

        Raises
        ------
        ImportError
            If sounddevice, or the library of the system that it needs, is not installed.
        """
        with open_microphone(device, self._own_rate or self._parts.loader.sample_rate) as microphone:
            yield from self.stream(microphone, block=block)
