"""Nets that others have trained, as transformers from waveforms to embeddings."""

from skgenre.pretrained._base import ModuleEmbedder
from skgenre.pretrained._musicnn import MusiCNN, MusiCNNEmbedder
from skgenre.pretrained._torch import TorchEmbedder

__all__ = ["ModuleEmbedder", "MusiCNN", "MusiCNNEmbedder", "TorchEmbedder"]
