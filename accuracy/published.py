"""What others report, on splits that keep artists apart: figures read in the papers and repositories named."""

_TUTORIAL = (
    "Won, Spijkervet, Choi: *Music classification: beyond supervised learning, towards real-world applications*, ISMIR "
    "tutorial, 2021 (github.com/music-classification/tutorial)"
)
_PONS = "github.com/jordipons/sklearn-audio-transfer-learning"
_ONLY = "GTZAN's train part"
_MORE = "other music or sound before"

GTZAN = [
    ["System", "Accuracy", "Learns from", "Source"],
    ["SampleCNN", "49.7 %", _ONLY, _TUTORIAL],
    [
        "MFCC statistics, SVM",
        "53.4 %",
        _ONLY,
        f"Pons, Serra: *Randomly weighted CNNs for (music) audio classification*, 2018 (arXiv 1805.00237), as {_PONS} "
        "quotes it",
    ],
    ["CNN on mel spectrograms", "54.1 %", _ONLY, _TUTORIAL],
    ["SampleCNN by contrastive learning, linear layer", "55.2 %", _MORE, _TUTORIAL],
    ["OpenL3, SVM", "74.7 %", _MORE, _PONS],
    ["MusiCNN, SVM", "77.2 %", _MORE, _PONS],
    ["VGGish, SVM", "77.6 %", _MORE, _PONS],
    [
        "Musicset supervised, linear or shallow probe",
        "83.4 %",
        _MORE,
        "McCallum, Korzeniowski, Oramas, Gouyon, Ehmann: *Supervised and unsupervised learning of audio "
        "representations for music understanding*, ISMIR, 2022 (github.com/PandoraMedia/music-audio-representations)",
    ],
]
"""The test part of the fault-filtered split."""

_DEFFERRARD = "Defferrard, Benzi, Vandergheynst, Bresson: *FMA: a dataset for music analysis*, ISMIR, 2017"
_DWIVEDI = "P. Dwivedi (github.com/priya-dwivedi/Music_Genre_Classification)"

FMA = [
    ["System", "Accuracy", "Part", "Source"],
    ["MFCC statistics, SVM", "61 %", "medium, 16 genres", _DEFFERRARD],
    ["all 518 features of the collection, SVM", "63 %", "medium, 16 genres", _DEFFERRARD],
    ["CRNN from scratch", "44.1 %", "small, 8 genres", _DWIVEDI],
    ["parallel CNN and RNN from scratch", "44.4 %", "small, 8 genres", _DWIVEDI],
    ["a scikit-learn classifier on the collection's features", "46.4 %", "small, 8 genres", _DWIVEDI],
]
"""The test part of the official split."""
