"""From files to waveforms: ``AudioLoader`` and the lazy sequence ``Waveforms`` that it gives."""

from skgenre.audio._blocks import mix_channels, open_blocks
from skgenre.audio._decoding import decode, to_float32
from skgenre.audio._files import AudioError, open_file
from skgenre.audio._loader import AudioLoader
from skgenre.audio._tracks import as_rows, check_tracks, is_paths
from skgenre.audio._waveforms import Waveforms

__all__ = [
    "AudioError",
    "AudioLoader",
    "Waveforms",
    "as_rows",
    "check_tracks",
    "decode",
    "is_paths",
    "mix_channels",
    "open_blocks",
    "open_file",
    "to_float32",
]
