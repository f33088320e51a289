"""Augmentation of batches: what it changes, what it leaves, and that a seed repeats it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skgenre.augmentation import equalize, mixstyle, mixup, spec_augment, stretched_crop, transpose

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 5), st.integers(1, 20), st.integers(1, 40))


def batch_of(shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def masked(shape, seed, **shares):
    """Return which values a mask wrote, with a fill that no value of the batch has."""
    batch = batch_of(shape)
    changed = spec_augment(batch.clone(), torch.full(shape[1:2], 99.0), np.random.default_rng(seed), **shares)
    np.testing.assert_array_equal(changed[changed != 99], batch[changed != 99])
    return (changed == 99).numpy()


@given(shape=shapes, seed=seeds)
def test_masks_are_one_stretch_of_frames_and_one_of_bands_in_each_item(shape, seed):
    for item in masked(shape, seed):
        frames, bands = item.all(axis=0), item.all(axis=1)
        np.testing.assert_array_equal(item, frames[None] | bands[:, None])
        for stretch in (frames, bands):
            assert np.count_nonzero(np.diff(stretch, prepend=False, append=False)) <= 2


@given(shape=shapes, seed=seeds, time_share=st.floats(0, 1), band_share=st.floats(0, 1))
def test_masks_are_no_longer_than_their_share(shape, seed, time_share, band_share):
    for item in masked(shape, seed, time_share=time_share, band_share=0.0):
        assert item.all(axis=0).sum() <= time_share * shape[2]
    for item in masked(shape, seed, time_share=0.0, band_share=band_share):
        assert item.all(axis=1).sum() <= band_share * shape[1]


def test_masked_bands_take_their_own_fill():
    fill = torch.tensor([10.0, 20.0, 30.0])
    batch = spec_augment(torch.zeros(50, 3, 30), fill, np.random.default_rng(0), time_share=1.0, band_share=1.0)
    for band, value in enumerate(fill):
        assert set(batch[:, band].unique().tolist()) == {0.0, float(value)}


def test_the_items_of_a_batch_are_masked_apart():
    items = masked((30, 10, 100), 0)
    assert len({item.tobytes() for item in items}) > 25


def test_a_batch_is_masked_in_place():
    batch = torch.zeros(4, 10, 100)
    assert spec_augment(batch, torch.ones(10), np.random.default_rng(1)) is batch
    assert batch.any()


@given(seed=seeds, alpha=st.floats(0.05, 5))
def test_mixup_blends_features_and_targets_by_the_same_share(seed, alpha):
    """Features equal to the targets stay equal to them, and every blend lies between two rows."""
    targets = torch.eye(6)
    batch, blended = mixup(targets.clone(), targets, np.random.default_rng(seed), alpha=alpha)
    np.testing.assert_array_equal(batch, blended)
    assert (blended >= 0).all()
    np.testing.assert_allclose(blended.sum(dim=1), 1, rtol=1e-6)
    assert ((blended > 0).sum(dim=1) <= 2).all()
    share = blended.diagonal()[blended.diagonal() < 1]
    np.testing.assert_allclose(share, share[:1].expand_as(share), rtol=1e-5)


def test_mixup_keeps_the_mean_of_a_batch():
    batch = batch_of((8, 3, 5))
    blended, _ = mixup(batch, torch.eye(8), np.random.default_rng(0), alpha=0.4)
    np.testing.assert_allclose(blended.mean(dim=0), batch.mean(dim=0), atol=1e-6)


def test_a_larger_alpha_blends_nearer_to_half_and_half():
    def distance(alpha):
        shares = [mixup(torch.eye(2), torch.eye(2), np.random.default_rng(s), alpha=alpha)[0].max() for s in range(200)]
        return np.mean(shares)

    assert distance(20.0) < distance(1.0) < distance(0.1)


def test_mixup_leaves_what_it_was_given():
    batch, targets = batch_of((4, 2, 3)), torch.eye(4)
    before = batch.clone()
    mixup(batch, targets, np.random.default_rng(0), alpha=1.0)
    assert torch.equal(batch, before)
    assert torch.equal(targets, torch.eye(4))


@given(shape=shapes, seed=seeds)
def test_an_equalizer_moves_each_band_of_an_item_by_one_amount(shape, seed):
    batch = batch_of(shape)
    moves = equalize(batch, torch.ones(shape[1]), np.random.default_rng(seed)) - batch
    np.testing.assert_allclose(moves, moves[:, :, :1].expand_as(moves), atol=1e-5)


def test_the_curve_of_an_equalizer_is_smooth_and_in_the_units_of_the_bands():
    scale = torch.linspace(1, 100, 64)
    batch = equalize(torch.zeros(500, 64, 1), scale, np.random.default_rng(0), deviation=0.3, n_points=4)
    curves = batch[:, :, 0] / scale
    assert curves.std(dim=0).max() < 0.35
    assert curves[:, [0, -1]].std(dim=0).tolist() == pytest.approx([0.3, 0.3], rel=0.1)
    assert curves.diff(dim=1).abs().max() < 0.1


def test_transposed_items_are_moved_by_whole_bands_and_repeat_the_outermost():
    ramp = torch.arange(10.0)[None, :, None].expand(60, 10, 3)
    moved = transpose(ramp, np.random.default_rng(0), share=0.2)
    steps = moved[:, 5, 0] - 5
    assert set(steps.tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    np.testing.assert_array_equal(moved, (ramp + steps[:, None, None]).clamp(0, 9))


@given(shape=shapes, seed=seeds)
def test_mixed_styles_change_a_band_by_one_gain_and_one_amount(shape, seed):
    batch = batch_of(shape)
    mixed = mixstyle(batch, torch.ones(shape[1]), np.random.default_rng(seed))
    for before, after in zip(batch.flatten(0, 1), mixed.flatten(0, 1), strict=True):
        gain = after.std(correction=0) / before.std(correction=0) if shape[2] > 1 else 1.0
        np.testing.assert_allclose(after - after.mean(), gain * (before - before.mean()), atol=1e-4)


def test_mixed_styles_lie_between_those_of_two_items_in_all_bands_by_the_same_share():
    batch = batch_of((2, 6, 50)) * torch.tensor([1.0, 4.0])[:, None, None] + torch.tensor([0.0, 10.0])[:, None, None]
    own = batch.mean(dim=2), batch.std(dim=2, correction=0)
    shares = set()
    for seed in range(20):
        mixed = mixstyle(batch, torch.ones(6), np.random.default_rng(seed))
        for item in (0, 1):
            for now, then in zip((mixed[item].mean(dim=1), mixed[item].std(dim=1, correction=0)), own, strict=True):
                share = (now - then[item]) / (then[1 - item] - then[item])
                assert -1e-4 <= share.min() <= share.max() <= 1 + 1e-4
                np.testing.assert_allclose(share, share[:1].expand_as(share), atol=1e-3)
            shares.add(round(float(share[0]), 2))
    assert len(shares) > 10


def test_mixed_styles_leave_a_still_band_still():
    batch = batch_of((8, 3, 40))
    batch[:4, 1] = 1e-6 * batch[:4, 1] - 80
    mixed = mixstyle(batch, torch.ones(3), np.random.default_rng(0))
    assert mixed.isfinite().all()
    assert mixed[:4, 1].std(dim=1).max() < 1e-2


@given(n_total=st.integers(10, 60), seed=seeds)
def test_a_crop_that_is_not_stretched_is_a_part_of_the_track(n_total, seed):
    track = np.arange(2 * n_total, dtype=np.float32).reshape(2, n_total)
    crop = stretched_crop(track, 10, np.random.default_rng(seed))
    np.testing.assert_array_equal(crop, track[:, int(crop[0, 0]) :][:, :10])


@given(n_total=st.integers(10, 60), seed=seeds, max_stretch=st.floats(0.01, 1))
def test_a_stretched_crop_goes_evenly_through_the_track_at_another_tempo(n_total, seed, max_stretch):
    track = np.arange(n_total, dtype=np.float32)[None]
    crop = stretched_crop(track, 10, np.random.default_rng(seed), max_stretch=max_stretch)
    assert crop.shape == (1, 10)
    assert crop.dtype == np.float32
    assert 0 <= crop.min() <= crop.max() <= n_total - 1 + 1e-4
    np.testing.assert_allclose(np.diff(crop[0]), np.diff(crop[0])[0], atol=1e-4)
    assert np.diff(crop[0])[0] <= (1 + max_stretch) * 1.0001


def test_crops_are_played_faster_and_slower():
    track, rng = np.arange(1000, dtype=np.float32)[None], np.random.default_rng(0)
    rates = [np.diff(stretched_crop(track, 100, rng, max_stretch=0.25)[0])[0] for _ in range(200)]
    assert np.min(rates) == pytest.approx(0.8, abs=0.02)
    assert np.max(rates) == pytest.approx(1.25, abs=0.02)


@pytest.mark.parametrize(
    "augment",
    [
        lambda rng: equalize(batch_of((4, 10, 50)), torch.ones(10), rng),
        lambda rng: transpose(batch_of((40, 64, 5)), rng),
        lambda rng: mixstyle(batch_of((4, 10, 50)), torch.ones(10), rng),
        lambda rng: torch.from_numpy(stretched_crop(batch_of((1, 10, 50))[0].numpy(), 20, rng, max_stretch=0.2)),
        lambda rng: spec_augment(batch_of((4, 10, 50)), torch.zeros(10), rng),
        lambda rng: mixup(batch_of((4, 10, 50)), torch.eye(4), rng, alpha=0.3)[0],
    ],
    ids=["equalize", "transpose", "mixstyle", "stretched_crop", "spec_augment", "mixup"],
)
def test_a_seed_repeats_it_and_another_does_not(augment):
    state = torch.get_rng_state()
    first, again, other = (augment(np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
