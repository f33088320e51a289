"""Embeddings from nets that others have trained."""

import hashlib
import pickle
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import urlparse

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from conftest import ROOT
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch
from sklearn.utils.estimator_checks import check_estimator
from torch.nn import functional as F  # noqa: N812

from skgenre import AudioLoader, EmbeddingRecommender, MusiCNNEmbedder, TorchEmbedder, Waveforms, explain
from skgenre.pretrained import _weights
from skgenre.pretrained._base import flush_denormals
from skgenre.pretrained._musicnn import MusiCNN

WEIGHTS = ROOT.parent / "shared" / "weights" / "musicnn"
RATE = 16000


class Loudness(torch.nn.Module):
    """Mean and largest magnitude of each window."""

    def forward(self, batch):
        return torch.stack([batch.abs().mean(dim=1), batch.abs().amax(dim=1)], dim=1)


class Untidy(torch.nn.Module):
    """A net with dropout, and with weights among which many are denormal."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = torch.nn.Parameter(torch.randn(100, 8, generator=generator))
        self.weight.data[:30] *= 1e-40
        self.dropout = torch.nn.Dropout()

    def forward(self, batch):
        return self.dropout(batch @ self.weight).tanh()


def noise(n_tracks, seconds, seed=0):
    """Return tracks of noise whose colour changes from track to track, as one array."""
    rng = np.random.default_rng(seed)
    white = rng.normal(scale=0.1, size=(n_tracks, round(seconds * RATE)))
    return np.stack([y if row % 2 else np.cumsum(y) * 0.01 for row, y in enumerate(white)]).astype(np.float32)


def file_of(name):
    """Return the path of published weights, or skip the test."""
    path = WEIGHTS / f"{name}.pth"
    if not path.is_file():
        pytest.skip("the published weights are not there: ../shared/weights/musicnn")
    return path


def denormal_share(tensor):
    """Return the share of numbers that are too small for full precision, and not zero."""
    return ((tensor != 0) & (tensor.abs() < torch.finfo(tensor.dtype).tiny)).float().mean()


@pytest.fixture(params=["jamendo", "mtat"])
def published(request):
    """Return the name and the path of published weights."""
    return request.param, file_of(request.param)


def save(module, path):
    """Save the weights of a module, and return path and digest."""
    torch.save(module.state_dict(), path)
    return {"weights": path, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Return parameters that name a file with a small net of the same kind, untrained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = MusiCNN(n_timbre=2, n_rhythm=2, n_channels=4, n_hidden=8, n_tags=5)
        torch.nn.init.uniform_(net.spec.mel_scale.fb)
        return save(net, tmp_path_factory.mktemp("weights") / "small.pth")


def as_published(state, windows):
    """Return pooled channels, last hidden layer and tags by the definition that the weights were published with.

    M. Won's version of MusiCNN, written down anew with torch's functions and nothing of skgenre.
    """

    def norm(x, name):
        stored = (state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *stored, training=False, eps=1e-5)

    # torchaudio's MelSpectrogram and AmplitudeToDB: power, reflected at the borders, no limit on the range.
    padded = F.pad(windows[:, None], (256, 256), mode="reflect")[:, 0]
    frames = padded.unfold(1, 512, 256) * state["spec.spectrogram.window"]
    power = torch.fft.rfft(frames).abs() ** 2
    decibels = 10 * torch.log10(torch.clamp(power @ state["spec.mel_scale.fb"], min=1e-10))
    image = norm(decibels.transpose(1, 2)[:, None], "spec_bn")

    front = []
    for number in range(5):
        weight, bias = state[f"layers.{number}.conv.weight"], state[f"layers.{number}.conv.bias"]
        if weight.ndim == 4:
            x = F.relu(norm(F.conv2d(image, weight, bias, padding=(0, 3)), f"layers.{number}.bn"))
            front.append(F.max_pool2d(x, (x.shape[2], 1))[:, :, 0])
        else:
            mean = F.avg_pool2d(image, (image.shape[2], 1))[:, :, 0]
            x = F.conv1d(mean, weight, bias, padding=weight.shape[2] // 2)
            front.append(F.relu(norm(x, f"layers.{number}.bn")))
    front = torch.cat(front, dim=1)

    def back(x, name):
        x = F.conv1d(x, state[f"{name}.conv.weight"], state[f"{name}.conv.bias"], padding=3)
        return F.relu(norm(x, f"{name}.bn"))

    first = back(front, "layer1")
    second = back(first, "layer2") + first
    third = back(second, "layer3") + second
    channels = torch.cat([front, first, second, third], dim=1)
    n_frames = channels.shape[2]
    pooled = torch.cat([F.max_pool1d(channels, n_frames), F.avg_pool1d(channels, n_frames)], dim=1)[:, :, 0]
    hidden = F.relu(norm(F.linear(pooled, state["dense1.weight"], state["dense1.bias"]), "bn"))
    tags = torch.sigmoid(F.linear(hidden, state["dense2.weight"], state["dense2.bias"]))
    return {"pooled": pooled, "embedding": hidden, "tags": tags}


class TestPublishedNet:
    """The published weights give the published answers."""

    @pytest.mark.parametrize("output", ["tags", "embedding", "pooled"])
    def test_a_track_of_one_window_gets_the_answer_of_the_definition(self, published, output):
        X = noise(2, 3)
        state = torch.load(published[1], map_location="cpu", weights_only=True)
        expected = as_published(state, torch.from_numpy(X))[output].numpy()
        given = MusiCNNEmbedder(published[1], output=output).fit_transform(X)
        assert given.shape == expected.shape == (2, {"tags": 50, "embedding": 200, "pooled": 1506}[output])
        np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)

    def test_music_gets_the_mean_of_its_windows_side_by_side(self, published, tracks):
        waveforms = AudioLoader(sample_rate=RATE, duration=7).transform(tracks.paths[:1])
        y = torch.from_numpy(waveforms[0])
        windows = torch.stack([y[start : start + 3 * RATE] for start in (0, 3 * RATE, 4 * RATE)])
        state = torch.load(published[1], map_location="cpu", weights_only=True)
        expected = as_published(state, windows)["tags"].mean(dim=0).numpy()
        given = MusiCNNEmbedder(published[1], output="tags").fit_transform(waveforms)[0]
        np.testing.assert_allclose(given, expected, atol=1e-5)

    def test_evenly_spread_windows_are_those_of_the_published_evaluation(self, published):
        (y,) = noise(1, 5)
        hop = (len(y) - 3 * RATE) // 3
        windows = torch.stack([torch.from_numpy(y[number * hop : number * hop + 3 * RATE]) for number in range(3)])
        state = torch.load(published[1], map_location="cpu", weights_only=True)
        expected = as_published(state, windows)["tags"].mean(dim=0).numpy()
        given = MusiCNNEmbedder(published[1], output="tags", n_windows=3).fit_transform(y[None])[0]
        np.testing.assert_allclose(given, expected, atol=1e-5)

    def test_denormal_numbers_make_no_difference(self):
        """Set to zero they change nothing but the time that it takes; the weights of mtat hold few."""
        state = torch.load(file_of("jamendo"), map_location="cpu", weights_only=True)
        net = MusiCNN.from_state(state, "tags").eval()
        window = torch.from_numpy(noise(1, 3))
        share = denormal_share(net.layers[0].conv.weight)
        with torch.inference_mode():
            before = net(window)
            flush_denormals(net)
            after = net(window)
        assert share > 0.2
        assert denormal_share(net.layers[0].conv.weight) == 0
        torch.testing.assert_close(after, before, rtol=0, atol=0)

    def test_tags_are_named(self, published):
        name, path = published
        embedder = MusiCNNEmbedder(path, output="tags").set_output(transform="pandas")
        frame = embedder.fit_transform(noise(1, 3))
        expected = {"jamendo": "genre---alternative", "mtat": "guitar"}[name]
        assert frame.columns[0] == expected
        assert len(set(frame.columns)) == 50

    def test_the_music_is_heard_for_what_it_is(self, tracks):
        path = file_of("jamendo")
        waveforms = AudioLoader(sample_rate=RATE).transform(tracks.paths)
        frame = MusiCNNEmbedder(path, output="tags").set_output(transform="pandas").fit_transform(waveforms)
        means = frame.groupby(np.asarray(tracks.target)).mean()
        assert means["genre---classical"].idxmax() == "classical"
        assert means["genre---dance"].idxmax() == "disco"

    def test_another_file_of_this_name_is_not_read(self, published, tmp_path):
        path = tmp_path / "weights.pth"
        content = bytearray(published[1].read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        with pytest.raises(ValueError, match=rf"{re.escape(str(path))} is damaged or another file.*got {digest}"):
            MusiCNNEmbedder(path).fit(noise(1, 3))


def test_the_code_of_the_guide_runs(tracks, tmp_path, monkeypatch):
    """Also what test_docs leaves out: blocks with a caption, which need the published weights."""
    monkeypatch.setattr(_weights, "_download", lambda name: file_of(name))
    file_of("jamendo")
    monkeypatch.chdir(tmp_path)
    shutil.copy(tracks.paths[0], tmp_path / "song.mp3")
    text = (ROOT / "docs" / "guide" / "pretrained.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: python\n(?:   :.*\n)?\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    assert len(blocks) == 4
    few = Bunch(paths=tracks.paths[::4], target=tracks.target[::4])
    names = {"music": few}
    for block in blocks:
        exec(textwrap.dedent(block), names)
    assert names["tagged"].score(few.paths, few.target) == 1
    assert names["similar"].kneighbors(tracks.paths[0], 1)[1].tolist() == [[0]]


class TestWeights:
    def test_scikit_learns_checks(self, small):
        results = check_estimator(MusiCNNEmbedder(**small), on_skip=None)
        assert {result["check_name"] for result in results if result["status"] != "passed"} <= {"check_array_api_input"}

    def test_a_small_net_is_read_like_a_large_one(self, small):
        state = torch.load(small["weights"], weights_only=True)
        X = noise(3, 3)
        expected = as_published(state, torch.from_numpy(X))
        for output, n_dims in {"tags": 5, "embedding": 8, "pooled": 2 * (4 + 6 + 12)}.items():
            given = MusiCNNEmbedder(output=output, **small).fit_transform(X)
            assert given.shape == (3, n_dims)
            assert given.dtype == np.float32
            np.testing.assert_allclose(given, expected[output].numpy(), rtol=1e-4, atol=1e-5)

    def test_what_it_hears_without_a_loader_can_be_explained(self, small):
        X = noise(4, 3)
        genre = make_pipeline(MusiCNNEmbedder(**small), LogisticRegression()).fit(X, [0, 1, 0, 1])
        explanation = explain(genre, X[0], "shap", background=genre[:-1].transform(X))
        assert explanation.sample_rate == RATE
        assert set(explanation.descriptors) == {f"embedding{number}" for number in range(8)}

    def test_a_name_that_is_none(self):
        with pytest.raises(FileNotFoundError, match=r"\"jamendo\", \"mtat\" or the path of a file, got 'jamendoo'"):
            MusiCNNEmbedder("jamendoo").fit(noise(1, 3))

    def test_a_file_of_ones_own_needs_its_digest(self, small):
        with pytest.raises(ValueError, match=f"read with sha256= their digest; got {small['sha256']}"):
            MusiCNNEmbedder(small["weights"]).fit(noise(1, 3))

    def test_a_file_that_holds_no_weights(self, tmp_path):
        path = tmp_path / "song.pth"
        path.write_bytes(b"no weights")
        sha256 = hashlib.sha256(b"no weights").hexdigest()
        with pytest.raises(ValueError, match=r"song\.pth must hold a state dict that torch\.load reads"):
            MusiCNNEmbedder(path, sha256=sha256).fit(noise(1, 3))

    def test_a_file_that_would_run_code_is_not_read(self, tmp_path):
        path = tmp_path / "code.pth"
        torch.save({"weights": subprocess.Popen}, path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with pytest.raises(ValueError, match="weights_only=True"):
            MusiCNNEmbedder(path, sha256=sha256).fit(noise(1, 3))

    def test_weights_of_another_net(self, tmp_path):
        own = save(torch.nn.Linear(2, 3), tmp_path / "linear.pth")
        message = r"linear\.pth must hold the weights of a MusiCNN: 74 names are missing or unknown, such as 'bias'"
        with pytest.raises(ValueError, match=message):
            MusiCNNEmbedder(**own).fit(noise(1, 3))

    def test_offline_a_name_says_what_to_do(self, tmp_path, monkeypatch):
        import pooch

        def refuse(*args, **kwargs):
            raise OSError("no route to host")

        monkeypatch.setattr(pooch, "retrieve", refuse)
        with pytest.raises(ConnectionError, match=r"'mtat' are not in .*no route to host.*pass the path of the file"):
            MusiCNNEmbedder("mtat").fit(noise(1, 3))

    def test_a_name_is_downloaded_once_and_checked(self, small, tmp_path, monkeypatch):
        """A file served from this machine stands for the published one."""
        cache = tmp_path / "cache"
        monkeypatch.setattr("pooch.os_cache", lambda project: cache / project)
        published = _weights.Published(small["weights"].as_uri(), small["sha256"], tuple("abcde"))
        monkeypatch.setattr("pooch.core.choose_downloader", lambda *args, **kwargs: _copy)
        monkeypatch.setitem(_weights.PUBLISHED, "jamendo", published)
        X = noise(1, 3)
        first = MusiCNNEmbedder(output="tags").fit(X)
        assert first.get_feature_names_out().tolist() == list("abcde")
        monkeypatch.setattr("pooch.core.choose_downloader", None)
        np.testing.assert_array_equal(MusiCNNEmbedder(output="tags").fit_transform(X), first.transform(X))
        monkeypatch.setitem(_weights.PUBLISHED, "jamendo", _weights.Published(published.url, "0" * 64, ()))
        monkeypatch.setattr("pooch.core.choose_downloader", lambda *args, **kwargs: _copy)
        with pytest.raises(ValueError, match="0000"):
            MusiCNNEmbedder().fit(X)


def _copy(url, output_file, downloader, check_only=False):
    """Download as pooch's own downloaders do, from a file."""
    Path(output_file).write_bytes(Path(urlparse(url).path).read_bytes())


@pytest.fixture(params=["MusiCNNEmbedder", "TorchEmbedder"])
def embedder(request, small):
    """Return each of the embedders, unfitted, for waveforms at 16 kHz."""
    if request.param == "TorchEmbedder":
        return TorchEmbedder(Untidy, sample_rate=RATE, window=100)
    return MusiCNNEmbedder(**small)


class TestEveryEmbedder:
    def test_waveforms_at_another_rate_are_refused(self, embedder):
        with pytest.raises(ValueError, match=r"at 16000 Hz, got 22050 Hz: AudioLoader\(sample_rate=16000\)"):
            embedder.fit(Waveforms([np.zeros(22050, np.float32)], 22050))

    def test_every_form_of_tracks_gives_the_same(self, embedder):
        X = noise(2, 3.5)
        expected = embedder.fit_transform(X)
        np.testing.assert_array_equal(embedder.transform(list(X)), expected)
        np.testing.assert_array_equal(embedder.transform(Waveforms(X, RATE)), expected)
        np.testing.assert_array_equal(clone(embedder).transform(X), expected)

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_a_track_does_not_depend_on_others_nor_on_threads(self, embedder, n_jobs):
        X = [noise(1, seconds, seed)[0] for seed, seconds in enumerate((1, 3, 7.3, 4))]
        together = embedder.fit(X).set_params(n_jobs=n_jobs).transform(X)
        alone = [embedder.set_params(n_jobs=1).transform([y])[0] for y in X]
        np.testing.assert_array_equal(together, alone)

    def test_nothing_is_drawn_at_random(self, small):
        state = torch.random.get_rng_state()
        MusiCNNEmbedder(**small).fit_transform(noise(1, 3))
        assert torch.equal(torch.random.get_rng_state(), state)

    def test_torch_keeps_its_threads(self, embedder):
        torch.set_num_threads(2)
        try:
            one = embedder.set_params(n_jobs=2).fit_transform(noise(3, 3))
            assert torch.get_num_threads() == 2
        finally:
            torch.set_num_threads(1)
        np.testing.assert_array_equal(embedder.transform(noise(3, 3)), one)

    def test_a_short_track_is_repeated_until_it_fills_a_window(self, embedder):
        window = 100 if isinstance(embedder, TorchEmbedder) else 3 * RATE
        short = np.random.default_rng(0).normal(size=window // 2).astype(np.float32)
        twice = np.tile(short, 2)
        np.testing.assert_array_equal(embedder.fit_transform([short]), embedder.transform([twice]))

    def test_pickles_give_the_same_answers(self, embedder):
        X = noise(2, 3)
        expected = embedder.fit_transform(X)
        again = pickle.loads(pickle.dumps(embedder))
        np.testing.assert_array_equal(again.transform(X), expected)

    def test_columns_are_named(self, embedder):
        frame = embedder.set_output(transform="pandas").fit_transform(noise(2, 3))
        assert isinstance(frame, pd.DataFrame)
        assert frame.columns.tolist() == [f"embedding{number}" for number in range(8)]

    def test_stored_embeddings_are_used_again(self, embedder, tracks, tmp_path, monkeypatch):
        waveforms = AudioLoader(sample_rate=RATE).transform(tracks.paths[:2])
        embedder.set_params(memory=tmp_path)
        expected = embedder.fit_transform(waveforms)
        monkeypatch.setattr(Waveforms, "decode", None)
        np.testing.assert_array_equal(clone(embedder).fit_transform(waveforms), expected)

    def test_a_pipeline_from_paths_runs_under_cross_validation(self, embedder, tracks):
        genre = make_pipeline(AudioLoader(sample_rate=RATE), embedder, StandardScaler(), LogisticRegression())
        rows = slice(None, None, 4)  # a quarter of each genre
        scores = cross_val_score(genre, tracks.paths[rows], tracks.target[rows], cv=2, error_score="raise")
        assert scores.shape == (2,)

    def test_it_feeds_a_recommender(self, embedder, tracks):
        similar = EmbeddingRecommender(make_pipeline(AudioLoader(sample_rate=RATE), embedder)).fit(tracks.paths)
        assert similar.kneighbors(tracks.paths[3], 1)[1].tolist() == [[3]]

    def test_worker_processes_give_the_same(self, embedder, tracks):
        waveforms = AudioLoader(sample_rate=RATE).transform(tracks.paths[:3])
        expected = embedder.fit_transform(waveforms)
        with joblib.parallel_config("loky", n_jobs=2):
            np.testing.assert_array_equal(embedder.transform(waveforms), expected)

    def test_what_a_gpu_computed_with_is_read_where_there_is_none(self, embedder):
        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        X = noise(2, 3)
        expected = embedder.fit_transform(X)
        again = pickle.loads(pickle.dumps(embedder.set_params(device="cuda")))
        np.testing.assert_array_equal(again.transform(X), expected)
        with pytest.raises(ValueError, match="device='cuda', but torch finds no GPU"):
            again.fit(X)

    def test_a_device_that_is_none(self, embedder):
        with pytest.raises(ValueError, match="device must be"):
            embedder.set_params(device="toaster").fit(noise(1, 3))


class TestTorchEmbedder:
    def test_the_mean_over_windows(self):
        track = np.repeat([0.0, 0.2, -1.0], 10)
        embedder = TorchEmbedder(Loudness(), sample_rate=100, window=10)
        np.testing.assert_allclose(embedder.fit_transform([track]), [[0.4, 0.4]], rtol=1e-6)

    def test_overlapping_windows(self):
        track = np.array([0.0, 0, 0.6, 0.6])
        embedder = TorchEmbedder(Loudness(), sample_rate=100, window=2, overlap=0.5)
        np.testing.assert_allclose(embedder.fit_transform([track]), [[0.3, 0.4]], rtol=1e-6)

    def test_windows_evenly_spread(self):
        track = np.array([0.1, 0.9, 0.9, 0.3, 0.9, 0.9])
        embedder = TorchEmbedder(Loudness(), sample_rate=100, window=1, n_windows=2)
        np.testing.assert_allclose(embedder.fit_transform([track]), [[0.5, 0.5]], rtol=1e-6)  # the first and the third

    def test_the_module_given_stays_as_it_is(self):
        module = Untidy().train()
        before = module.weight.detach().clone()
        embedder = TorchEmbedder(module, sample_rate=RATE, window=100).fit(noise(1, 1))
        assert module.training
        assert torch.equal(module.weight, before)
        assert not embedder.module_.training

    def test_an_instance_answers_like_the_class(self):
        X = noise(2, 1)
        settings = {"sample_rate": RATE, "window": 100}
        given = TorchEmbedder(Untidy(), **settings).fit_transform(X)
        np.testing.assert_array_equal(given, TorchEmbedder(Untidy, **settings).fit_transform(X))

    def test_other_weights_are_not_taken_for_stored_ones(self, tmp_path, tracks):
        waveforms = AudioLoader(sample_rate=RATE).transform(tracks.paths[:1])
        module = Untidy()
        embedder = TorchEmbedder(module, sample_rate=RATE, window=100, memory=tmp_path)
        before = embedder.fit_transform(waveforms)
        module.weight.data.neg_()
        np.testing.assert_allclose(embedder.fit_transform(waveforms), -before, atol=1e-6)

    def test_another_setting_is_not_taken_for_the_stored_one(self, tmp_path, tracks):
        class Power(torch.nn.Module):
            def __init__(self, exponent):
                super().__init__()
                self.exponent = exponent

            def forward(self, batch):
                return batch.abs().pow(self.exponent).mean(dim=1, keepdim=True)

        waveforms = AudioLoader(sample_rate=RATE).transform(tracks.paths[:1])
        settings = {"sample_rate": RATE, "window": 100, "memory": tmp_path}
        first, second = (TorchEmbedder(Power(n), **settings).fit(waveforms) for n in (1, 2))
        assert first.transform(waveforms) > 2 * second.transform(waveforms)
        assert first.digest_ == TorchEmbedder(Power(1).eval(), **settings).fit(waveforms).digest_

    @pytest.mark.parametrize(
        "spell",
        [
            lambda it, gain: setattr(it, "gain", np.float64(gain)),
            lambda it, gain: setattr(it, "gain", torch.tensor(gain)),
            lambda it, gain: setattr(it, "gain", np.array(gain)),
            lambda it, gain: setattr(it, "gains", {"all": (gain,)}),
            lambda it, gain: it.register_buffer("gain", torch.tensor(gain), persistent=False),
        ],
        ids=["numpy", "tensor", "array", "nested", "buffer"],
    )
    def test_settings_of_any_kind_are_told_apart(self, spell):
        class Gain(torch.nn.Module):
            def __init__(self, gain):
                super().__init__()
                spell(self, gain)

            def forward(self, batch):
                gain = self.gains["all"][0] if hasattr(self, "gains") else self.gain
                return batch.abs().mean(dim=1, keepdim=True) * float(gain)

        ones = np.ones((1, 100), dtype=np.float32)
        quiet, loud, again = (TorchEmbedder(Gain(n), window=100).fit(ones) for n in (1.0, 2.0, 1.0))
        assert quiet.transform(ones) * 2 == loud.transform(ones)
        assert quiet.digest_ == again.digest_ != loud.digest_

    def test_what_a_function_returns_stays_as_it_is(self):
        module = Untidy().train()
        TorchEmbedder(lambda: module, window=100).fit(np.ones((1, 100), dtype=np.float32))
        assert module.training

    def test_a_module_with_batch_normalisation(self):
        """Its count of batches is a number without an axis."""
        module = torch.nn.Sequential(torch.nn.Linear(100, 4), torch.nn.BatchNorm1d(4))
        X = noise(2, 1)
        windows = torch.from_numpy(X).reshape(-1, 100)
        with torch.inference_mode():
            expected = module.eval()(windows).reshape(2, -1, 4).mean(dim=1)
        given = TorchEmbedder(module, sample_rate=RATE, window=100).fit_transform(X)
        np.testing.assert_allclose(given, expected, atol=1e-5)

    def test_a_module_that_gives_more_than_one_tensor(self):
        class Two(torch.nn.Module):
            def forward(self, batch):
                return batch, batch

        with pytest.raises(TypeError, match="module must give a tensor for its windows, Two gave tuple"):
            TorchEmbedder(Two, window=10, sample_rate=RATE).fit(noise(1, 1))

    def test_a_module_of_the_wrong_form(self):
        with pytest.raises(
            ValueError, match=r"\(n_windows, n_dims\) numbers, Unflatten turned 1 window into \(1, 2, 5\)"
        ):
            TorchEmbedder(torch.nn.Unflatten(1, (2, 5)), window=10, sample_rate=RATE).fit(noise(1, 1))

    def test_a_fit_that_fails_leaves_what_was_fitted(self):
        embedder = TorchEmbedder(torch.nn.Linear(10, 3), window=10, sample_rate=RATE).fit(noise(1, 1))
        expected = embedder.transform(noise(1, 1))
        with pytest.raises(ValueError, match="Unflatten turned"):
            embedder.set_params(module=torch.nn.Unflatten(1, (2, 5))).fit(noise(1, 1))
        np.testing.assert_array_equal(embedder.transform(noise(1, 1)), expected)

    def test_a_module_with_a_sparse_buffer(self):
        module = torch.nn.Linear(10, 3)
        module.register_buffer("links", torch.eye(3).to_sparse())
        assert TorchEmbedder(module, window=10, sample_rate=RATE).fit_transform(noise(1, 1)).shape == (1, 3)

    def test_a_module_that_gives_fewer_windows_than_it_took(self):
        class First(torch.nn.Module):
            def forward(self, batch):
                return batch[:1]

        with pytest.raises(ValueError, match=r"First turned 3 windows into \(1, 10\)"):
            TorchEmbedder(First, window=10, sample_rate=RATE).fit_transform(np.zeros((1, 30)))

    def test_nan_is_told_with_the_track_that_it_was_made_of(self, tmp_path):
        class Standardized(torch.nn.Module):
            def forward(self, batch):
                return batch / batch.std(dim=1, keepdim=True)

        path = str(tmp_path / "silence.wav")
        soundfile.write(path, np.zeros(100), RATE)
        embedder = TorchEmbedder(Standardized, window=10, sample_rate=RATE).fit([noise(1, 1)[0]])
        with pytest.warns(UserWarning, match=f"of 1 of 2 tracks.*the first is in row 1, {path!r}"):
            embeddings = embedder.transform(Waveforms([noise(1, 1)[0], path], RATE))
        assert np.isfinite(embeddings).all(axis=1).tolist() == [True, False]

    def test_what_is_no_module(self):
        with pytest.raises(TypeError, match=r"module must be a torch\.nn\.Module or a function that makes one, got 3"):
            TorchEmbedder(lambda: 3).fit(noise(1, 1))


def test_torch_is_not_loaded_with_the_package():
    code = "import sys, skgenre; skgenre.__all__; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_torchscript_module_embeds_as_the_module_does():
    module = torch.nn.Sequential(torch.nn.Linear(1000, 3)).eval()
    waveforms = np.random.default_rng(0).normal(0, 0.1, (2, 2000)).astype(np.float32)
    plain, script = (
        TorchEmbedder(made, window=1000, sample_rate=8000).fit(waveforms).transform(waveforms)
        for made in (module, torch.jit.script(module))
    )
    np.testing.assert_allclose(script, plain, rtol=1e-5)
