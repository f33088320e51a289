"""Same seed, same result, bit for bit, wherever a net is fitted; and nothing of the caller's is touched."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone

from skgenre import CNNClassifier, RNNClassifier

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 6, 60)).astype(np.float32)
Y = np.repeat(["blues", "jazz", "rock"], 10)
NETS = [CNNClassifier((8, 8), max_epochs=4, random_state=3), RNNClassifier((8,), max_epochs=4, random_state=3)]
IN_BFLOAT16 = [clone(net).set_params(precision="bfloat16") for net in NETS]


def learned(net):
    """Fit a copy and return its weights and answers."""
    net = type(net)(**net.get_params()).fit(X, Y)
    weights = [weight.numpy() for weight in net.net_.module_.state_dict().values()]
    return [*weights, net.predict_proba(X), net.transform(X)]


def assert_identical(results):
    for result in results[1:]:
        for first, other in zip(results[0], result, strict=True):
            np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("net", [*NETS, *IN_BFLOAT16], ids=["cnn", "rnn", "cnn in bfloat16", "rnn in bfloat16"])
class TestSameSeedSameNet:
    def test_twice_in_a_row(self, net):
        assert_identical([learned(net), learned(net)])

    def test_from_two_threads_at_once(self, net):
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(learned, [net] * 6))
        assert_identical([learned(net), *results])

    def test_from_worker_processes(self, net):
        results = Parallel(n_jobs=2, backend="loky")(delayed(learned)(net) for _ in range(3))
        assert_identical([learned(net), *results])

    def test_whatever_the_callers_generators_and_threads_are(self, net):
        expected = learned(net)
        torch.manual_seed(99)
        np.random.seed(99)  # noqa: NPY002
        torch.set_num_threads(2)
        try:
            assert_identical([expected, learned(net)])
        finally:
            torch.set_num_threads(1)

    def test_and_another_seed_gives_another_net(self, net):
        other = type(net)(**{**net.get_params(), "random_state": 4})
        assert not np.array_equal(learned(net)[-1], learned(other)[-1])


@pytest.mark.parametrize("net", NETS, ids=["cnn", "rnn"])
def test_the_callers_generators_and_thread_count_are_as_they_were(net):
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    expected = torch.rand(3), np.random.random(3)  # noqa: NPY002
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    threads = torch.get_num_threads()
    fitted = type(net)(**{**net.get_params(), "n_threads": 2}).fit(X, Y)
    fitted.predict(X)
    assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(torch.rand(3), expected[0])
    np.testing.assert_array_equal(np.random.random(3), expected[1])  # noqa: NPY002


def test_the_thread_count_comes_back_after_a_failure():
    class DeliberateError(Exception):
        pass

    from skorch.callbacks import Callback

    class Bomb(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise DeliberateError

    threads = torch.get_num_threads()
    with pytest.raises(DeliberateError):
        CNNClassifier((8,), n_threads=2, callbacks=[Bomb()], max_epochs=2).fit(X, Y)
    assert torch.get_num_threads() == threads
    CNNClassifier((8,), max_epochs=1).fit(X, Y)
