"""A torch module over the windows of one waveform: where they lie, in batches, and on one thread."""

from collections.abc import Iterator

import numpy as np
import torch

from skgenre._torch_threads import torch_threads
from skgenre.segments import cut_segments, segment_starts


def tensors_of(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Give all that a module computes with, by name; ``state_dict`` leaves out buffers that are not to be saved."""
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def window_starts(n_samples: int, window: int, overlap: float, n_windows: int | None) -> np.ndarray:
    """Place windows over a waveform.

    Parameters
    ----------
    n_samples : int
        Samples of the waveform.
    window : int
        Samples of a window.
    overlap : float
        Share of a window that the next one repeats, in [0, 1); the last window ends with the waveform.
    n_windows : int or None
        So many windows in place of all: a step of ``(n_samples - window) // n_windows`` apart, from the first sample.

    Returns
    -------
    starts : ndarray of shape (n_windows,) of int
        First sample of each window.

    Examples
    --------
    >>> from skgenre.pretrained._windows import window_starts
    >>> window_starts(100, 30, 0.0, None)
    array([ 0, 30, 60, 70])
    >>> window_starts(100, 30, 0.0, 2)
    array([ 0, 35])
    """
    if n_windows is None:
        return segment_starts(n_samples, window, overlap)
    return np.arange(n_windows) * (max(0, n_samples - window) // n_windows)


def run_windows(module: torch.nn.Module, y: np.ndarray, starts: np.ndarray, window: int, batch_size: int) -> np.ndarray:
    """Run a module over windows of a waveform.

    A batch holds windows of this waveform alone, so that the answer does not depend, in its last digits, on others.

    Parameters
    ----------
    module : torch.nn.Module
        From ``(n_windows, window)`` to ``(n_windows, n_dims)``.
    y : ndarray of shape (n_samples,)
        Waveform; repeated until it fills a window.
    starts : ndarray of shape (n_windows,) of int
        First sample of each window.
    window : int
        Samples of a window.
    batch_size : int
        Windows to run at once.

    Returns
    -------
    answers : ndarray of shape (n_windows, n_dims)
        What the module says of each window.

    Raises
    ------
    TypeError, ValueError
        If the module gives something else than a tensor, or one of another shape.
    """
    device = next((tensor.device for _, tensor in tensors_of(module)), torch.device("cpu"))
    answers = []
    # Tracks run side by side instead, and two threads in one track would round differently from one.
    with torch.inference_mode(), torch_threads(1):
        for first in range(0, len(starts), batch_size):
            batch = cut_segments(y[None], starts[first : first + batch_size], window)[:, 0]
            answer = module(torch.from_numpy(batch).to(device))
            if not isinstance(answer, torch.Tensor):
                raise TypeError(
                    f"module must give a tensor for its windows, {type(module).__name__} gave {type(answer).__name__}"
                )
            if answer.ndim != 2 or len(answer) != len(batch):
                given = f"{len(batch)} {'windows' if len(batch) > 1 else 'window'}"
                raise ValueError(
                    f"module must turn (n_windows, {window}) samples into (n_windows, n_dims) numbers, "
                    f"{type(module).__name__} turned {given} into {tuple(answer.shape)}"
                )
            answers.append(answer.float().cpu().numpy())
    return np.concatenate(answers)
