"""The nets: what they learn, watch and answer. What they share with every estimator is in test_common."""

import pickle
import threading

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import BatchScoring, Callback, Checkpoint, EarlyStopping, EpochScoring, LRScheduler

from skgenre import CNNClassifier, RNNClassifier
from skgenre.classifiers import _base, _crops
from skgenre.classifiers._validation import split_validation
from skgenre.features import FeatureSequence
from skgenre.segments import segment_starts

GENRES = np.array(["blues", "jazz", "rock"])
NETS = {"cnn": (CNNClassifier, {"channels": (8, 16)}), "rnn": (RNNClassifier, {"channels": (8,), "n_hidden": 8})}


def music(n_per_genre=12, n_frames=90, seed=0, spread=1.0):
    """Return tracks whose genre is the level of one band each, and their genres."""
    rng = np.random.default_rng(seed)
    targets = np.tile(np.arange(3), n_per_genre)
    X = spread * rng.standard_normal((len(targets), 5, n_frames)).astype(np.float32)
    X[np.arange(len(targets)), targets] += 2.0
    return X, GENRES[targets]


@pytest.fixture(params=NETS)
def make(request):
    """Return a function that makes a small net with these parameters."""
    net, small = NETS[request.param]
    return lambda **params: net(**{**small, "max_epochs": 15, "lr": 1e-2, "batch_size": 8, "random_state": 0, **params})


def weights_of(net):
    """Return all that training moves step by step, as one array; the moments of the normalisation are not among it."""
    return torch.cat([weights.detach().flatten() for weights in net.net_.module_.parameters()]).numpy()


class TestAnswers:
    def test_genres_that_differ_are_told_apart_on_new_tracks(self, make):
        X, y = music()
        new, expected = music(seed=1)
        assert make().fit(X, y).score(new, expected) > 0.9

    def test_probabilities_sum_to_one_and_their_maximum_is_the_prediction(self, make):
        X, y = music()
        for pooling in ("mean", "max", "vote"):
            net = make(pooling=pooling, segment_frames=20).fit(X, y)
            probabilities = net.predict_proba(X)
            np.testing.assert_allclose(probabilities.sum(axis=1), 1)
            np.testing.assert_array_equal(net.classes_[probabilities.argmax(axis=1)], net.predict(X))

    def test_a_track_is_the_mean_of_its_segments(self, make):
        X, y = music()
        net = make(segment_frames=40, segment_overlap=0.5).fit(X, y)
        segments = net.predict_segments(X[:2])
        assert [part.shape for part in segments] == [(len(segment_starts(90, 40, 0.5)), 3)] * 2
        np.testing.assert_allclose(net.predict_proba(X[:2]), [part.mean(axis=0) for part in segments], atol=1e-6)

    def test_a_vote_counts_the_segments_won(self, make):
        X, y = music(spread=3.0)
        net = make(segment_frames=10, pooling="vote").fit(X, y)
        won = [np.bincount(part.argmax(axis=1), minlength=3) / len(part) for part in net.predict_segments(X)]
        np.testing.assert_allclose(net.predict_proba(X), won)

    def test_embeddings_are_float32_with_named_columns(self, make):
        X, y = music()
        net = make().fit(X, y)
        embeddings = net.transform(X)
        assert embeddings.dtype == np.float32
        assert embeddings.shape == (len(X), len(net.get_feature_names_out()))

    def test_embeddings_are_a_data_frame_where_one_is_asked_for(self, make):
        X, y = music(4)
        net = make(max_epochs=1).fit(X, y)
        plain = net.transform(X)
        table = net.set_output(transform="pandas").transform(X)
        assert table.columns.tolist() == net.get_feature_names_out().tolist()
        np.testing.assert_array_equal(table, plain)

    def test_any_kind_of_label_comes_back(self, make):
        X, y = music(4)
        for labels in (y, np.unique(y, return_inverse=True)[1] - 1, y.astype(object), y == "jazz"):
            net = make(max_epochs=1).fit(X, labels)
            assert set(net.predict(X)) <= set(labels)
            assert net.classes_.dtype == np.asarray(labels).dtype

    def test_tracks_of_unequal_length_are_taken(self, make):
        X, y = music()
        ragged = FeatureSequence(track[:, : 20 + 3 * row] for row, track in enumerate(X))
        net = make(segment_frames=40).fit(ragged, y)
        assert net.score(ragged, y) > 0.8
        np.testing.assert_array_equal(net.predict(list(ragged)), net.predict(ragged))

    def test_a_track_longer_or_shorter_than_those_in_fit_is_taken(self, make):
        X, y = music()
        net = make().fit(X, y)
        assert net.predict(music(n_frames=300)[0]).shape == (36,)
        assert net.predict(music(n_frames=3)[0]).shape == (36,)

    def test_scaling_a_band_changes_little_since_bands_are_standardised(self, make):
        X, y = music()
        scaled = X * np.array([1e3, 1, 1e-3, 1, 50], dtype=np.float32)[:, None] + 7
        np.testing.assert_allclose(
            make().fit(scaled, y).predict_proba(scaled), make().fit(X, y).predict_proba(X), atol=0.02
        )


class TestTraining:
    # What makes a net learn noise by heart soon, so that the loss on other tracks rises.
    BY_HEART = {
        "augment": False,
        "mixup": 0.0,
        "dropout": 0.0,
        "label_smoothing": 0.0,
        "max_epochs": 200,
        "validation_fraction": 0.2,
    }

    def test_the_history_has_an_entry_per_epoch(self, make):
        net = make(max_epochs=3, validation_fraction=0.2).fit(*music())
        expected = {"epoch", "duration"} | {f"{p}_{s}" for p in ("train", "valid") for s in ("loss", "accuracy", "f1")}
        assert set(net.history_) == expected
        assert net.history_["epoch"] == [1, 2, 3]
        assert {len(values) for values in net.history_.values()} == {3}

    def test_without_a_validation_split_all_epochs_run_and_only_training_is_recorded(self, make):
        net = make(max_epochs=4).fit(*music())
        assert len(net.history_["epoch"]) == net.best_epoch_ == 4
        assert not any(name.startswith("valid") for name in net.history_)

    def test_it_stops_when_patience_is_over(self, make):
        X, _ = music()
        y = np.random.default_rng(0).permutation(np.repeat(GENRES, 12))
        net = make(**self.BY_HEART, patience=3).fit(X, y)
        assert len(net.history_["epoch"]) == net.best_epoch_ + 3

    def test_the_weights_of_the_best_epoch_are_kept(self, make):
        X, _ = music()
        y = np.random.default_rng(0).permutation(np.repeat(GENRES, 12))
        stopped = make(**self.BY_HEART, patience=5).fit(X, y)
        assert np.argmin(stopped.history_["valid_loss"]) + 1 == stopped.best_epoch_
        exactly = make(**{**self.BY_HEART, "max_epochs": stopped.best_epoch_}, patience=5).fit(X, y)
        np.testing.assert_array_equal(exactly.predict_proba(X), stopped.predict_proba(X))

    def test_callbacks_are_called_and_schedulers_work(self, make):
        rates = []

        class Listen(Callback):
            def on_epoch_end(self, net, **kwargs):
                rates.append(net.optimizer_.param_groups[0]["lr"])

        schedule = LRScheduler(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.1)
        make(max_epochs=3, callbacks=[Listen(), ("schedule", schedule)]).fit(*music())
        np.testing.assert_allclose(rates, [1e-2, 1e-3, 1e-4])

    def test_a_callback_may_fit_another_net(self, make):
        X, y = music()

        class Probe(Callback):
            def on_epoch_end(self, net, **kwargs):
                make(max_epochs=1, random_state=7).fit(X, y)

        done = []
        fit = threading.Thread(
            target=lambda: done.append(make(max_epochs=2, callbacks=[Probe()]).fit(X, y)), daemon=True
        )
        fit.start()
        fit.join(timeout=60)
        assert done, "the two wait for each other"
        np.testing.assert_array_equal(done[0].predict_proba(X), make(max_epochs=2).fit(X, y).predict_proba(X))

    def test_the_step_rises_and_falls_to_zero(self, make):
        class Listen(Callback):
            rates = []

            def on_batch_end(self, net, **kwargs):
                self.rates.append(net.optimizer_.param_groups[0]["lr"])

        listen = Listen()
        net = make(max_epochs=20, callbacks=[listen]).fit(*music())
        peak = int(np.argmax(listen.rates))
        assert len(listen.rates) == 20 * 5
        assert listen.rates[peak] == pytest.approx(1e-2, rel=0.05)
        assert 5 <= peak <= 15
        assert max(listen.rates[0], listen.rates[-1]) < 1e-3
        net.partial_fit(*music())
        assert listen.rates[-1] == 1e-2

    @pytest.mark.parametrize(
        ("n_tracks", "batch_size", "expected"),
        [(36, 35, [18, 18]), (17, 4, [3, 3, 3, 3, 3, 2]), (7, 2, [2, 2, 2, 1]), (3, 1, [1, 1, 1])],
    )
    def test_batches_are_of_even_size_and_none_of_one_track_where_another_size_avoids_it(
        self, make, n_tracks, batch_size, expected
    ):
        sizes = []

        class Listen(Callback):
            def on_batch_end(self, net, batch=None, **kwargs):
                sizes.append(len(batch[0]))

        X, y = music()
        make(max_epochs=1, batch_size=batch_size, callbacks=[Listen()]).fit(X[:n_tracks], y[:n_tracks])
        assert sizes == expected

    def test_a_user_who_interrupts_is_heard(self, make):
        class Impatient(torch.nn.Module):
            def forward(self, *args):
                raise KeyboardInterrupt

        net = make()
        net._module = lambda: type("Net", (Impatient,), {"__init__": _swallow, "standardize": _Moments()})
        with pytest.raises(KeyboardInterrupt):
            net.fit(*music())

    def test_a_user_who_interrupts_the_scoring_is_heard(self, make):
        def interrupt(*args, **params):
            raise KeyboardInterrupt

        net = make(validation_fraction=0.2)
        net._probabilities = interrupt
        with pytest.raises(KeyboardInterrupt):
            net.fit(*music())

    def test_a_callback_that_watches_validation_says_where_there_is_none(self, make):
        for callback, watched in ((EarlyStopping(), "valid_loss"), (("kept", Checkpoint()), "valid_loss_best")):
            with pytest.raises(ValueError, match=f"watches '{watched}'.*: set validation_fraction"):
                make(callbacks=[callback]).fit(*music())

    @pytest.mark.parametrize("scoring", [EpochScoring, BatchScoring])
    def test_scores_of_batches_are_refused_with_what_there_is(self, make, scoring):
        for callback in (scoring("accuracy"), ("mine", scoring("accuracy", on_train=True))):
            with pytest.raises(ValueError, match=rf"callbacks must not .* {scoring.__name__} .* validation_fraction"):
                make(callbacks=[callback], validation_fraction=0.3).fit(*music())

    def test_a_callback_may_watch_validation(self, make, tmp_path):
        kept = Checkpoint(
            dirname=tmp_path, f_params="{last_epoch[epoch]}.pt", f_optimizer=None, f_criterion=None, f_history=None
        )
        net = make(max_epochs=8, lr=0.1, callbacks=[EarlyStopping(patience=9), kept], validation_fraction=0.3)
        losses = net.fit(*music()).history_["valid_loss"]
        assert losses != sorted(losses, reverse=True)
        best = [number for number, loss in enumerate(losses, 1) if loss == min(losses[:number])]
        assert sorted(path.name for path in tmp_path.glob("*.pt")) == [f"{number}.pt" for number in best]

    def test_checkpoints_may_go_by_any_score(self, make, tmp_path):
        for score in ("valid_accuracy", "valid_f1", "train_loss", "train_accuracy"):
            kept = ("early_stopping", Checkpoint(f"{score}_best", dirname=tmp_path / score, f_history=None))
            make(callbacks=[kept], validation_fraction=0.3).fit(*music())
            assert (tmp_path / score / "params.pt").is_file()

    @pytest.mark.parametrize(
        ("method", "error"), [("fit", OSError), ("fit", KeyboardInterrupt), ("partial_fit", OSError)]
    )
    def test_training_on_that_ends_in_an_error_leaves_the_net_as_it_was(self, make, monkeypatch, method, error):
        class Fail(Callback):
            def on_epoch_end(self, net, **kwargs):
                raise OSError("no space left")

        def interrupt(*args, **params):
            raise KeyboardInterrupt

        X, y = music()
        net, other = (
            make(warm_start=True, max_epochs=2, validation_fraction=0.3, random_state=0).fit(X, y) for _ in range(2)
        )
        expected, size = net.predict_proba(X), len(pickle.dumps(net))
        net.set_params(max_epochs=9, verbose=True, callbacks=[Fail()] if error is OSError else None)
        with monkeypatch.context() as patched:
            if error is KeyboardInterrupt:
                patched.setattr(net, "_probabilities", interrupt, raising=False)
            with pytest.raises(error):
                getattr(net, method)(X, y)
        np.testing.assert_array_equal(net.predict_proba(X), expected)
        assert len(pickle.dumps(net.set_params(callbacks=None))) < size + 2000  # no tracks among it
        for one in (net, other):
            one.set_params(verbose=False, max_epochs=4).fit(X, y)
        np.testing.assert_array_equal(net.predict_proba(X), other.predict_proba(X))
        assert net.history_["epoch"] == [1, 2, 3, 4]

    def test_a_fit_that_fails_leaves_the_net_as_it_was(self, make):
        X, y = music()
        net = make(max_epochs=1).fit(X, y)
        expected = net.predict_proba(X)
        fits = {"inconsistent numbers": (X[:, :3], y[:-1]), "one class": (X, ["jazz"] * len(y)), "None": (X, None)}
        for message, wrong in fits.items():
            with pytest.raises(ValueError, match=message):
                net.fit(*wrong)
            np.testing.assert_array_equal(net.predict_proba(X), expected)
        with pytest.raises(ValueError, match="augment must be"):
            net.set_params(augment=("bogus",)).fit(X, y)
        np.testing.assert_array_equal(net.predict_proba(X), expected)

    def test_training_on_that_diverges_leaves_the_net_as_it_was(self, make):
        X, y = music()
        net = make(warm_start=True, max_epochs=1).fit(X, y)
        expected = net.predict_proba(X)
        with pytest.raises(ValueError, match="training diverged"):
            net.set_params(lr=1e30, max_epochs=16).fit(X, y)
        np.testing.assert_array_equal(net.predict_proba(X), expected)

    def test_a_callback_may_wish_to_stop(self, make):
        class Enough(Callback):
            def on_epoch_end(self, net, **kwargs):
                if len(net.history) == 2:
                    raise KeyboardInterrupt

        assert make(callbacks=[Enough()]).fit(*music()).history_["epoch"] == [1, 2]

    @pytest.mark.parametrize("fraction", [None, 0.3])
    def test_a_callback_may_stop_in_the_midst_of_an_epoch(self, make, fraction):
        class Enough(Callback):
            def on_batch_end(self, net, **kwargs):
                if len(net.history) == 3:
                    raise KeyboardInterrupt

        X, y = music()
        net = make(callbacks=[Enough()], validation_fraction=fraction).fit(X, y)
        assert net.history_["epoch"] == [1, 2, 3]
        assert np.isnan(net.history_["train_loss"]).tolist() == [False, False, True]
        best = 3 if fraction is None else 1 + np.nanargmin(net.history_["valid_loss"])
        assert net.best_epoch_ == best
        assert net.predict(X).shape == y.shape

    def test_the_best_epoch_is_kept_where_a_callback_stops_at_it(self, make):
        class Enough(Callback):
            def on_epoch_end(self, net, **kwargs):
                self.weights = {name: tensor.clone() for name, tensor in net.module_.state_dict().items()}
                if net.history[-1, "valid_loss"] < net.history[0, "valid_loss"]:
                    raise KeyboardInterrupt

        enough = Enough()
        net = make(callbacks=[enough], validation_fraction=0.3).fit(*music())
        assert net.best_epoch_ == len(net.history_["epoch"]) > 1
        kept = net.net_.module_.state_dict()
        assert all(torch.equal(kept[name], tensor) for name, tensor in enough.weights.items())

    def test_a_fit_that_fails_leaves_no_net_that_answers(self, make):
        X, y = music(4)
        net = make(max_epochs=1, augment=("bogus",))
        with pytest.raises(ValueError, match="augment must be a bool or name some of"):
            net.fit(X, y)
        with pytest.raises(NotFittedError):
            net.predict(X)

    def test_a_progress_bar_shows_when_verbose(self, make, capsys):
        make(max_epochs=2, verbose=True).fit(*music())
        assert "training: 100%" in capsys.readouterr().err
        make(max_epochs=2).fit(*music())
        assert capsys.readouterr() == ("", "")


class _Moments:
    mean = scale = torch.zeros(5)


def _swallow(self, **params):
    torch.nn.Module.__init__(self)
    self.weight = torch.nn.Parameter(torch.zeros(1))


class TestWarmStart:
    def test_it_goes_on_where_the_last_fit_ended(self, make):
        X, y = music()
        net = make(max_epochs=2, warm_start=True).fit(X, y)
        first = net.history_["train_loss"]
        net.set_params(max_epochs=6).fit(X, y)
        assert net.history_["train_loss"][:2] == first
        assert net.history_["epoch"] == [1, 2, 3, 4, 5, 6]

    def test_it_goes_on_with_steps_of_another_size(self, make):
        X, y = music()
        for again in ("fit", "partial_fit"):
            nets = [make(max_epochs=2, warm_start=True).fit(X, y) for _ in range(3)]
            before = weights_of(nets[0])
            changes = []
            for net, params in zip(nets, ({}, {"lr": 1e-9}, {"weight_decay": 50.0}), strict=True):
                getattr(net.set_params(max_epochs=3, **params), again)(X, y)
                changes.append(np.abs(weights_of(net) - before).max())
            assert changes[1] < 1e-5 * changes[0]
            assert changes[2] != changes[0]

    def test_it_says_so_when_no_epochs_are_left(self, make):
        X, y = music()
        net = make(max_epochs=2, warm_start=True).fit(X, y)
        before = net.predict_proba(X)
        with pytest.warns(UserWarning, match=r"max_epochs=2 counts the 2 epochs"):
            net.fit(X, y)
        np.testing.assert_array_equal(net.predict_proba(X), before)
        with pytest.raises(ValueError, match="only the genres known so far"):
            net.fit(X, np.where(y == "rock", "polka", y))

    @pytest.mark.parametrize("chance", [None, 0])
    def test_it_watches_the_tracks_that_it_has_not_heard(self, make, chance, monkeypatch):
        watched = []

        def split(*args):
            parts = split_validation(*args)
            watched.append(parts[1])
            return parts

        X, y = music()
        monkeypatch.setattr(_base, "split_validation", split)
        net = make(max_epochs=2, warm_start=True, validation_fraction=0.3, random_state=chance).fit(X, y)
        net.set_params(max_epochs=3).fit(X, y)
        np.testing.assert_array_equal(*watched)

    def test_without_it_a_second_fit_starts_anew(self, make):
        X, y = music()
        net = make(max_epochs=2)
        np.testing.assert_array_equal(net.fit(X, y).predict_proba(X), net.fit(X, y).predict_proba(X))

    def test_partial_fit_learns_an_epoch_at_a_time(self, make):
        X, y = music()
        net = make(lr=0.02)
        for _ in range(10):
            net.partial_fit(X[:18], y[:18], classes=GENRES)
            net.partial_fit(X[18:], y[18:])
        assert len(net.history_["epoch"]) == 20
        assert net.score(X, y) > 0.9

    @pytest.mark.parametrize("again", ["warm_start", "partial_fit"])
    def test_genres_it_has_never_seen_are_an_error(self, make, again):
        X, y = music()
        net = make(max_epochs=1, warm_start=True).fit(X, y)
        fit = net.partial_fit if again == "partial_fit" else net.set_params(max_epochs=2).fit
        with pytest.raises(ValueError, match=r"only the genres known so far.*'jazz'.*got also \['polka'\]"):
            fit(X, np.where(y == "rock", "polka", y))


class TestAugmentation:
    @pytest.mark.parametrize(("alike", "expected"), [(True, True), (False, False)])
    def test_bands_are_transposed_where_neighbours_move_together(self, make, monkeypatch, alike, expected):
        """As those of a spectrogram do, and those of MFCC do not."""
        called = []
        monkeypatch.setattr(_crops, "transpose", lambda batch, rng: called.append(1) or batch)
        X, y = music()
        if alike:
            X = X + 5 * np.random.default_rng(0).normal(size=(len(X), 1, X.shape[2])).astype(np.float32)
        make(max_epochs=1).fit(X, y)
        assert bool(called) is expected
        called.clear()
        make(max_epochs=1, augment=("transpose",)).fit(X, y)
        assert called

    @pytest.mark.parametrize("augment", [False, ("mask",), ("equalize", "stretch"), ["transpose"], ("mixstyle",)])
    def test_a_net_learns_with_any_augmentation(self, make, augment):
        X, y = music(spread=0.5)
        assert make(augment=augment, segment_frames=40).fit(X, y).score(*music(seed=1, spread=0.5)) > 0.6

    def test_smoothed_targets_make_answers_less_sure(self, make):
        X, y = music()
        sure, less = (make(label_smoothing=share).fit(X, y).predict_proba(X).max(axis=1) for share in (0.0, 0.5))
        assert less.mean() < sure.mean() - 0.1


class TestWeights:
    EXACT = {
        "precision": "float32",  # by default another where the processor is quicker with it
        "augment": False,
        "mixup": 0.0,
        "dropout": 0.0,
        "batch_size": 200,
        "max_epochs": 5,
    }

    def test_a_weight_of_two_is_the_track_twice_and_of_zero_the_track_left_out(self, make):
        X, y = music()
        weights = np.random.default_rng(0).integers(0, 3, len(y))
        weighted = make(**self.EXACT).fit(X, y, sample_weight=weights)
        repeated = make(**self.EXACT).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
        np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-4)
        plain = make(**self.EXACT).fit(X, y)
        assert np.abs(weighted.predict_proba(X) - plain.predict_proba(X)).max() > 1e-2

    def test_a_batch_may_lack_genres_of_class_weight(self, make):
        X, y = music()
        net = make(class_weight={"jazz": 3.0})
        for genre in GENRES:
            net.partial_fit(X[y == genre], y[y == genre], classes=GENRES)
        assert net.n_epochs_ == 3

    def test_a_track_of_no_weight_has_no_say_in_how_long_segments_are(self, make):
        X, y = music(4)
        ragged = FeatureSequence([*X[:-1, :, :40], X[-1]])
        net = make(max_epochs=1).fit(ragged, y, sample_weight=np.append(np.ones(11), 0))
        assert net.segment_frames_ == 40

    def test_class_weight_is_the_sample_weight_of_its_tracks(self, make):
        X, y = music()
        by_class = make(**self.EXACT, class_weight={"jazz": 3.0}).fit(X, y)
        by_sample = make(**self.EXACT).fit(X, y, sample_weight=np.where(y == "jazz", 3.0, 1.0))
        np.testing.assert_array_equal(by_class.predict_proba(X), by_sample.predict_proba(X))

    def test_balanced_classes_make_a_rare_genre_heard(self, make):
        X, y = music(spread=4.0)
        keep = np.flatnonzero((y != "jazz") | (np.arange(len(y)) < 6))
        params = {**self.EXACT, "max_epochs": 30}
        plain = make(**params).fit(X[keep], y[keep])
        balanced = make(**params, class_weight="balanced").fit(X[keep], y[keep])
        jazz = y == "jazz"
        assert balanced.predict_proba(X[jazz])[:, 1].mean() > plain.predict_proba(X[jazz])[:, 1].mean()

    def test_genres_are_balanced_by_the_weights_of_their_tracks(self, make):
        X, y = music()
        weights = np.where(y == "jazz", np.arange(len(y)) % 2 * 3, 1)
        balanced = make(**self.EXACT, class_weight="balanced")
        weighted = clone(balanced).fit(X, y, sample_weight=weights)
        repeated = clone(balanced).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
        np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-4)
        kept = y != "jazz"
        assert np.isfinite(clone(balanced).fit(X, y, sample_weight=kept).predict_proba(X)).all()

    def test_weights_that_are_all_zero_are_an_error(self, make):
        X, y = music()
        with pytest.raises(ValueError, match=r"must contain at least one non-zero|must be above 0"):
            make().fit(X, y, sample_weight=np.zeros(len(y)))


class TestValidationSplit:
    @given(
        targets=st.lists(st.integers(0, 3), min_size=2, max_size=60),
        n_groups=st.integers(1, 12),
        fraction=st.sampled_from([0.1, 0.15, 0.3, 0.5]),
        seed=st.integers(0, 99),
        grouped=st.booleans(),
    )
    @pytest.mark.filterwarnings("ignore:.* classes have one")
    def test_it_is_a_partition_disjoint_by_group_that_leaves_every_genre_in_training(
        self, targets, n_groups, fraction, seed, grouped
    ):
        rng = np.random.RandomState(seed)
        targets = np.array(targets)
        groups = rng.randint(n_groups, size=len(targets)) if grouped else None
        training, validation = split_validation(np.eye(4, dtype=int)[targets], groups, fraction, rng)
        assert sorted([*training, *validation]) == list(range(len(targets)))
        assert set(targets[training]) == set(targets)
        if grouped:
            assert not set(groups[training]) & set(groups[validation])

    def test_it_takes_the_asked_share_of_every_genre(self):
        targets = np.repeat([0, 1, 2], [40, 20, 100])
        _, validation = split_validation(np.eye(3, dtype=int)[targets], None, 0.15, np.random.RandomState(0))
        assert np.bincount(targets[validation]).tolist() == [6, 3, 15]

    def test_with_groups_it_comes_near_that_share(self):
        targets = np.repeat([0, 1], 50)
        groups = np.repeat(np.arange(20), 5)
        _, validation = split_validation(np.eye(2, dtype=int)[targets], groups, 0.2, np.random.RandomState(0))
        assert np.bincount(targets[validation]).tolist() == [10, 10]

    def test_a_genre_of_large_groups_still_is_watched(self):
        targets = np.array([0] * 20 + [1] * 20)
        groups = np.array([0] * 10 + [1] * 10 + [2] * 10 + [3] * 10)
        _, validation = split_validation(np.eye(2, dtype=int)[targets], groups, 0.15, np.random.RandomState(0))
        assert set(targets[validation]) == {0, 1}

    @given(
        labels=st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=2, max_size=40),
        n_groups=st.integers(1, 12),
        seed=st.integers(0, 99),
    )
    @pytest.mark.filterwarnings("ignore:.* classes have one")
    def test_of_several_labels_each_stays_in_training(self, labels, n_groups, seed):
        rng = np.random.RandomState(seed)
        labels = np.array(labels, dtype=int)
        groups = rng.randint(n_groups, size=len(labels))
        training, validation = split_validation(labels, groups, 0.3, rng)
        assert sorted([*training, *validation]) == list(range(len(labels)))
        assert labels[training].any(axis=0).tolist() == labels.any(axis=0).tolist()
        assert not set(groups[training]) & set(groups[validation])

    def test_a_genre_with_one_artist_stays_in_training_with_a_warning(self):
        X, y = music()
        artists = np.where(y == "jazz", "Ella", np.arange(len(y)).astype(str))
        net = CNNClassifier((8,), max_epochs=1, validation_fraction=0.15)
        with pytest.warns(UserWarning, match="1 classes have one group"):
            net.fit(X, y, groups=artists)

    def test_early_stopping_watches_the_pooled_answers_to_its_tracks(self, monkeypatch):
        X, y = music()
        seen = {}

        def split(targets, groups, fraction, rng):
            seen["rows"] = np.arange(0, len(targets), 4)
            return np.setdiff1d(np.arange(len(targets)), seen["rows"]), seen["rows"]

        monkeypatch.setattr("skgenre.classifiers._base.split_validation", split)
        params = {"validation_fraction": 0.15, "segment_frames": 30, "segment_overlap": 0.0, "random_state": 0}
        net = CNNClassifier((8,), max_epochs=3, **params).fit(X, y)
        loss = log_loss(y[seen["rows"]], net.predict_proba(X[seen["rows"]]))
        assert loss == pytest.approx(net.history_["valid_loss"][net.best_epoch_ - 1], abs=1e-6)


class TestBadInput:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"device": "meta"}, "device must be one that torch computes on, got 'meta'"),
            ({"device": "abacus"}, "device must be \"auto\" or a device of torch, got 'abacus'"),
            ({"channels": (8, 0)}, r"channels must hold at least one number >= 1, and whole numbers, got \(8, 0\)"),
            ({"channels": (8.5,)}, r"channels must hold .* whole numbers, got \(8.5,\)"),
            ({"channels": ("8",)}, r"channels must hold .* whole numbers, got \('8',\)"),
            ({"class_weight": {"jazz": -1.0}}, "class_weight must hold a number from 0 on .* got -1.0 for 'jazz'"),
            ({"class_weight": {"jazz": np.nan}}, "class_weight must hold a number from 0 on .* got nan for 'jazz'"),
            ({"class_weight": {"jazz": "much"}}, "class_weight must hold a number from 0 on .* got 'much' for 'jazz'"),
            ({"class_weight": [1, 2, 3]}, r"class_weight must be None, \"balanced\" or a dict by genre .* \[1, 2, 3\]"),
            ({"augment": ("mask", "reverse")}, r"augment must be a bool or name some of .*, got \['reverse'\]"),
            ({"pooling": "median"}, "The 'pooling' parameter .* must be a str among"),
            ({"max_epochs": 0}, "The 'max_epochs' parameter"),
            ({"segment_overlap": 1.0}, "The 'segment_overlap' parameter"),
        ],
    )
    def test_a_parameter_out_of_range_is_named(self, make, params, message):
        with pytest.raises(ValueError, match=message):
            make(**params).fit(*music())

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"pooling": "median"}, "pooling must be one of 'mean', 'max', 'vote', got 'median'"),
            ({"segment_overlap": 1.5}, "overlap of segments must be at least 0 and below 1, got 1.5"),
        ],
    )
    @pytest.mark.parametrize("several", [False, True])
    def test_a_parameter_set_after_fit_is_checked_too(self, make, params, message, several):
        X, y = music()
        net = make(max_epochs=1).fit(X, np.eye(3, dtype=int)[np.searchsorted(GENRES, y)] if several else y)
        with pytest.raises(ValueError, match=message):
            net.set_params(**params).predict(X)

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
    def test_a_gpu_that_is_not_there_is_said(self, make):
        with pytest.raises(ValueError, match="device='cuda', but torch finds no GPU"):
            make(device="cuda").fit(*music())

    def test_training_that_diverges_says_why_and_leaves_no_net(self, make):
        net = make(lr=1e30)
        with pytest.raises(ValueError, match=r"training diverged: after 15 epochs .* lr must be lower, got 1e\+30"):
            net.fit(*music())
        with pytest.raises(NotFittedError):
            net.predict(music()[0])

    @pytest.mark.parametrize(
        ("groups", "message"),
        [
            (["Ella", 7] * 18, "groups must be of one type, such as str, got int and str"),
            (["Ella", None] * 18, "groups must be known for every track, got None for 18 of 36; .* can share one"),
            (["Ella", float("nan")] * 18, "groups must be known for every track, got nan for 18 of 36"),
            (np.array([0.0, np.nan, 1.0] * 12), "groups must be known for every track, got nan for 12 of 36"),
            (np.arange(36)[:, None], r"groups must be one for each track, .* got shape \(36, 1\)"),
        ],
    )
    def test_groups_that_are_none_are_an_error_where_they_are_used(self, make, groups, message):
        make(max_epochs=1).fit(*music(), groups=groups)
        with pytest.raises(ValueError, match=message):
            make(validation_fraction=0.3).fit(*music(), groups=groups)

    def test_one_genre_is_too_few(self, make):
        X, _ = music()
        with pytest.raises(ValueError, match="at least two genres, got one class: jazz"):
            make().fit(X, ["jazz"] * len(X))

    @pytest.mark.parametrize("missing", [None, float("nan")])
    def test_a_missing_genre_is_named_by_its_row(self, make, missing):
        X, y = music()
        y = y.astype(object)
        y[[4, 7]] = missing
        with pytest.raises(ValueError, match="got none in 2 rows, first 4"):
            make().fit(X, y)

    def test_other_bands_than_in_fit_are_an_error(self, make):
        X, y = music()
        net = make(max_epochs=1).fit(X, y)
        with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5 features"):
            net.predict(X[:, :4])

    def test_a_2d_array_is_not_taken_for_a_net_of_many_bands(self, make):
        X, y = music(n_frames=5)
        net = make(max_epochs=1).fit(X, y)
        with pytest.raises(
            ValueError, match=r"X has 1 bands, but .* was fitted with 5 bands; a 2-D array is read as one band"
        ):
            net.predict(X[:, 0])

    def test_lengths_that_differ_are_an_error(self, make):
        X, y = music()
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            make().fit(X, y[:-1])
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            make().fit(X, y, groups=y[:-1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_net_fitted_on_a_gpu_answers_there(make):
    X, y = music()
    net = make(device="cuda").fit(X, y)
    assert next(net.net_.module_.parameters()).is_cuda
    assert net.score(X, y) > 0.9


def test_a_net_works_behind_the_scalers_of_scikit_learn():
    X, y = music(n_frames=6)
    flat = StandardScaler().fit_transform(X.reshape(len(X), -1))
    assert CNNClassifier(max_epochs=30, batch_size=8, random_state=0).fit(flat, y).score(flat, y) > 0.8


def test_answers_in_bfloat16_are_near_those_in_float32(make):
    X, y = music()
    net = make(precision="bfloat16").fit(X, y)
    assert net.net_.module_.use_bfloat16
    coarse, embeddings = net.predict_proba(X), net.transform(X)
    assert embeddings.dtype == np.float32
    net.net_.module_.use_bfloat16 = False
    np.testing.assert_allclose(coarse, net.predict_proba(X), atol=0.03)
    assert not np.array_equal(coarse, net.predict_proba(X))
    np.testing.assert_allclose(embeddings, net.transform(X), atol=0.05 * np.abs(embeddings).max())


def test_float32_is_computed_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"amx_bf16": True}, raising=False)
    net = CNNClassifier((8,), max_epochs=1, device="cpu", precision="float32").fit(*music())
    assert not net.net_.module_.use_bfloat16


@pytest.mark.parametrize(("amx", "expected"), [(True, True), (False, False)])
def test_the_precision_is_chosen_by_what_the_processor_knows(monkeypatch, amx, expected):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"amx_bf16": amx}, raising=False)
    net = CNNClassifier((8,), max_epochs=1, device="cpu").fit(*music())
    assert net.net_.module_.use_bfloat16 is expected


@pytest.mark.parametrize(("precision", "expected"), [("auto", False), ("bfloat16", True)])
def test_the_precision_is_chosen_anew_where_a_net_is_loaded(monkeypatch, precision, expected):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"amx_bf16": True}, raising=False)
    pickled = pickle.dumps(CNNClassifier((8,), max_epochs=1, device="cpu", precision=precision).fit(*music()))
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"amx_bf16": False}, raising=False)
    assert pickle.loads(pickled).net_.module_.use_bfloat16 is expected


class Weights(Callback):
    """Keeps the weights after each epoch."""

    def __init__(self):
        self.epochs = []

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(torch.cat([w.detach().flatten() for w in net.module_.parameters()]).numpy())


@pytest.mark.parametrize("fraction", [None, 0.3])
def test_the_best_epoch_is_that_whose_weights_are_kept(fraction):
    monitor = "train_loss" if fraction is None else "valid_accuracy"  # the lowest of which is no low loss
    stopper = EarlyStopping(monitor, patience=12, load_best=True, threshold=0.0)
    seen = Weights()
    options = {"lr": 0.3, "max_epochs": 12, "batch_size": 8, "validation_fraction": fraction, "random_state": 0}
    net = CNNClassifier(callbacks=[seen, stopper], **options).fit(*music(spread=3.0))
    kept = [number for number, weights in enumerate(seen.epochs, 1) if np.array_equal(weights, weights_of(net))]
    assert kept == [net.best_epoch_]
    assert net.best_epoch_ == stopper.best_epoch_


def test_a_callback_may_be_a_class():
    X, y = music()
    with pytest.raises(ValueError, match="EarlyStopping among callbacks watches 'valid_loss'"):
        CNNClassifier(max_epochs=1, callbacks=[EarlyStopping]).fit(X, y)
    assert CNNClassifier(max_epochs=1, validation_fraction=0.3, callbacks=[EarlyStopping]).fit(X, y).best_epoch_ == 1


def test_very_quiet_features_are_standardised_too():
    X, y = music()
    loud, quiet = (CNNClassifier(max_epochs=8, random_state=0).fit(scale * X, y) for scale in (1.0, 1e-9))
    np.testing.assert_allclose(quiet.predict_proba(1e-9 * X), loud.predict_proba(X), atol=0.01)


def test_names_of_columns_are_forgotten_where_features_have_none():
    X, y = music(n_frames=1)
    net = CNNClassifier(max_epochs=1).fit(pd.DataFrame(X[:, :, 0], columns=list("abcde")), y)
    ragged = FeatureSequence([np.zeros((5, 3 + row % 2), dtype=np.float32) for row in range(len(y))])
    assert not hasattr(net.fit(ragged, y), "feature_names_in_")


@pytest.mark.parametrize("device", ["hpu", "xpu"])
def test_a_device_that_is_not_here_is_named(device):
    with pytest.raises(ValueError, match=f"device must be one that torch computes on here, got '{device}'"):
        CNNClassifier(max_epochs=1, device=device).fit(*music())
