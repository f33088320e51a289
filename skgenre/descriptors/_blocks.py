"""Stretches of frames, which a feature is computed in before it is summarised over the track."""

import numpy as np


def blocks(rows: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Cut rows over time into overlapping stretches.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_frames)
        Rows over time; where there are fewer frames than ``size``, the last is repeated.
    size, hop : int
        Frames of a stretch, and from one to the next.

    Returns
    -------
    blocks : ndarray of shape (n_blocks, n_rows, size)
        A view.
    """
    if rows.shape[1] < size:
        rows = np.pad(rows, ((0, 0), (0, size - rows.shape[1])), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(rows, size, axis=1)[:, ::hop].transpose(1, 0, 2)
