"""Augmentation of batches: what it changes, what it leaves, and that a seed repeats it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skgenre.augmentation import mixup, spec_augment

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


@pytest.mark.parametrize(
    "augment",
    [
        lambda rng: spec_augment(batch_of((4, 10, 50)), torch.zeros(10), rng),
        lambda rng: mixup(batch_of((4, 10, 50)), torch.eye(4), rng, alpha=0.3)[0],
    ],
    ids=["spec_augment", "mixup"],
)
def test_a_seed_repeats_it_and_another_does_not(augment):
    state = torch.get_rng_state()
    first, again, other = (augment(np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
