"""Answers while the music plays: ``StreamingClassifier``; and where the genre changes: ``segment_recording``."""

from skgenre.streaming._recording import segment_recording
from skgenre.streaming._stream import StreamingClassifier
from skgenre.streaming._timeline import Section, Timeline, clock
from skgenre.streaming._updates import StreamUpdate

__all__ = ["Section", "StreamUpdate", "StreamingClassifier", "Timeline", "clock", "segment_recording"]
