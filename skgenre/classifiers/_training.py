"""How a net is trained: seeding, threads, precision, and the skorch net."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import skorch
import torch
from skorch.utils import to_tensor

from skgenre._torch_threads import torch_threads
from skgenre.classifiers._callbacks import Onlooker
from skgenre.modules import BatchNorm

_TRAINING = threading.RLock()  # a callback may fit another net


@contextmanager
def training_session(seed: int, n_threads: int) -> Iterator[None]:
    """Seed torch and set its threads, and put both back afterwards.

    One session at a time: ``torch.random.fork_rng`` belongs to the whole process.
    """
    with _TRAINING, torch.random.fork_rng(), torch_threads(n_threads):
        torch.manual_seed(seed)
        yield


def prefers_bfloat16(device: str) -> bool:
    """Tell whether a device multiplies matrices faster in bfloat16: a GPU that knows it, a CPU with AMX."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: Any = getattr(torch.cpu, "get_capabilities", dict)()  # older torch does not tell
    return bool(capabilities.get("amx_bf16"))


class TrackNet(skorch.NeuralNet):
    """A skorch net whose targets are pairs of class probabilities and track weights.

    skorch takes any ``KeyboardInterrupt`` for a callback's wish to stop; ``interrupted_`` tells a user's own.
    """

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Notify all callbacks, those too that come after one that stops the training, and note that it does."""
        getattr(self, method_name)(self, **cb_kwargs)
        wish = None
        for _, callback in self.callbacks_:
            try:
                getattr(callback, method_name)(self, **cb_kwargs)
            except KeyboardInterrupt as stop:
                if isinstance(callback, Onlooker):
                    raise
                wish = stop
        if wish is not None:
            self.stopped_ = True
            raise wish

    def fit_loop(self, *args: Any, **kwargs: Any) -> Any:
        """Train, and note where the user interrupts it."""
        self.stopped_ = self.interrupted_ = False
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self.interrupted_ = not self.stopped_
            raise

    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        """Take a step, in which the tracks' weights count in the normalisation too."""
        weights = batch[1][1]
        uneven = weights.to(self.device) if torch.any(weights != weights[0]) else None
        layers = [layer for layer in self.module_.modules() if isinstance(layer, BatchNorm)]
        for layer in layers:
            layer.weights = uneven
        try:
            return super().train_step_single(batch, **fit_params)
        finally:
            for layer in layers:
                layer.weights = None

    def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Return the weighted mean of the tracks' losses."""
        return self.criterion_(y_pred, *to_tensor(y_true, device=self.device))
