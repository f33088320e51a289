"""Nets that others have trained, as transformers from waveforms to embeddings."""

from skgenre.pretrained._embedder import TorchEmbedder
from skgenre.pretrained._musicnn import MusiCNN, MusiCNNEmbedder

__all__ = ["MusiCNN", "MusiCNNEmbedder", "TorchEmbedder"]
