"""Hand-crafted features of whole tracks, as named columns: ``TrackDescriptor``."""

from skgenre.descriptors._descriptor import TrackDescriptor

__all__ = ["TrackDescriptor"]
