from .audio import AudioError as AudioError
from .audio import AudioLoader as AudioLoader
from .audio import Waveforms as Waveforms
from .classifiers import CNNClassifier as CNNClassifier
from .classifiers import RNNClassifier as RNNClassifier
from .datasets import load_gtzan as load_gtzan
from .datasets import load_tracks as load_tracks
from .datasets import make_tracks as make_tracks
from .descriptors import TrackDescriptor as TrackDescriptor
from .displays import EmbeddingMapDisplay as EmbeddingMapDisplay
from .displays import ProtocolsDisplay as ProtocolsDisplay
from .displays import TrainingCurvesDisplay as TrainingCurvesDisplay
from .features import FrameStatistics as FrameStatistics
from .features import MelExtractor as MelExtractor
from .features import MFCCExtractor as MFCCExtractor
from .metrics import expected_calibration_error as expected_calibration_error
from .model_selection import GTZANSplit as GTZANSplit
from .model_selection import ProtocolComparison as ProtocolComparison
from .model_selection import TrackAudit as TrackAudit
from .model_selection import audit_tracks as audit_tracks
from .model_selection import compare_protocols as compare_protocols
from .pretrained import MusiCNNEmbedder as MusiCNNEmbedder
from .pretrained import TorchEmbedder as TorchEmbedder
from .recommend import EmbeddingRecommender as EmbeddingRecommender

__version__: str
