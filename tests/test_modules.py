"""The torch modules: shapes for any length, and answers that do not depend on the batch."""

import numpy as np
import pytest
import torch

from skgenre.modules import BatchNorm, ConvGRU, ConvNet, Convolution, Standardize

N_BANDS, N_CLASSES = 7, 5
BUILD = {
    "ConvNet": lambda **kwargs: ConvNet(N_BANDS, N_CLASSES, **kwargs),
    "ConvGRU": lambda **kwargs: ConvGRU(N_BANDS, N_CLASSES, **kwargs),
    "narrow ConvNet": lambda **kwargs: ConvNet(N_BANDS, N_CLASSES, channels=(8, 16), **kwargs),
    "narrow ConvGRU": lambda **kwargs: ConvGRU(N_BANDS, N_CLASSES, channels=(8,), n_hidden=3, **kwargs),
}


@pytest.fixture(params=BUILD)
def module(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BUILD[request.param]().eval()


def features(n_items, n_frames, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_items, N_BANDS, n_frames, generator=generator)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 8, 15, 16, 17, 100, 300])
@torch.inference_mode()
def test_any_number_of_frames_gives_finite_logits_and_embeddings(module, n_frames):
    x = features(2, n_frames)
    logits, embeddings = module(x), module.embed(x)
    assert logits.shape == (2, N_CLASSES)
    assert embeddings.shape == (2, module.n_dims)
    assert logits.isfinite().all()
    assert embeddings.isfinite().all()


@pytest.mark.parametrize("n_frames", [1, 50, 256])
@torch.inference_mode()
def test_the_answer_to_an_item_does_not_depend_on_its_batch(module, n_frames):
    x = features(6, n_frames)
    louder = torch.cat([x[:2], 1000 * features(4, n_frames, seed=1)])
    np.testing.assert_allclose(module(louder)[:2], module(x)[:2], atol=1e-6)
    np.testing.assert_allclose(torch.cat([module(item[None]) for item in x]), module(x), atol=1e-6)


@torch.inference_mode()
def test_the_logits_are_those_of_the_embedding(module):
    x = features(3, 40)
    np.testing.assert_allclose(module(x), module.head(module.embed(x)), atol=1e-6)


@torch.inference_mode()
def test_the_bands_are_standardised_inside(module):
    """Shifted and scaled features, with the shift and scale set, give the answer of the plain ones."""
    x = features(3, 40)
    mean, scale = torch.linspace(-50, 50, N_BANDS), torch.linspace(0.5, 20, N_BANDS)
    expected = module(x)
    module.standardize.mean.copy_(mean)
    module.standardize.scale.copy_(scale)
    np.testing.assert_allclose(module(x * scale[:, None] + mean[:, None]), expected, atol=1e-4)


def test_every_weight_gets_a_gradient(module):
    module.train()(features(4, 60)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())


@pytest.mark.parametrize("name", BUILD)
def test_dropout_falls_on_training_only(name):
    module, x = BUILD[name](dropout=0.5), features(2, 30)
    with torch.inference_mode():
        module.train()
        assert not torch.equal(module(x), module(x))
        module.eval()
        assert torch.equal(module(x), module(x))


def test_standardize_gives_each_band_mean_zero_and_deviation_one():
    x = 3 * features(5, 200) + torch.arange(float(N_BANDS))[:, None]
    layer = Standardize(N_BANDS)
    layer.mean.copy_(x.mean(dim=(0, 2)))
    layer.scale.copy_(x.std(dim=(0, 2)))
    np.testing.assert_allclose(layer(x).mean(dim=(0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(layer(x).std(dim=(0, 2)), 1, atol=1e-5)


def test_standardize_changes_nothing_until_it_is_set_and_is_no_weight():
    x, layer = features(2, 10), Standardize(N_BANDS)
    assert torch.equal(layer(x), x)
    assert not list(layer.parameters())
    assert set(layer.state_dict()) == {"mean", "scale"}


def images(n_items=6, seed=0):
    return torch.randn(n_items, 3, 4, 5, generator=torch.Generator().manual_seed(seed)) * 2 + 7


def test_batch_norm_is_that_of_torch():
    ours, theirs = BatchNorm(3), torch.nn.BatchNorm2d(3, momentum=None)
    for seed in range(4):
        np.testing.assert_allclose(ours(images(seed=seed)).detach(), theirs(images(seed=seed)).detach(), atol=1e-5)
    np.testing.assert_allclose(ours.eval()(images()).detach(), theirs.eval()(images()).detach(), atol=1e-5)


def test_in_batch_norm_a_weight_of_two_is_the_item_twice_and_of_zero_the_item_left_out():
    repeats = torch.tensor([2, 1, 0, 1, 3, 1])
    weighted, repeated = BatchNorm(3), BatchNorm(3)
    weighted.weights = repeats.float()
    expected = repeated(images().repeat_interleave(repeats, dim=0))
    np.testing.assert_allclose(
        weighted(images()).repeat_interleave(repeats, dim=0).detach(), expected.detach(), atol=1e-5
    )
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-5)
    np.testing.assert_allclose(weighted.variance, repeated.variance, rtol=0.02)  # torch's is n / (n - 1) times ours


def test_batch_norm_takes_a_lone_value():
    assert BatchNorm(3)(torch.ones(1, 3, 1, 1)).isfinite().all()


@pytest.mark.parametrize("name", ["ConvNet", "ConvGRU"])
def test_the_answer_to_an_item_does_not_depend_on_its_place_in_the_batch(name):
    torch.manual_seed(0)
    module = BUILD[name]().eval()
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(8, N_BANDS, 40)).astype(np.float32))
    with torch.inference_mode():
        answers = module(x)
        for places in (torch.arange(8).roll(1), torch.arange(8).flip(0)):
            torch.testing.assert_close(module(x[places]), answers[places], rtol=0, atol=0)


@pytest.mark.parametrize(("stride", "pool"), [(1, 1), (2, 1), (1, 2)])
def test_a_convolution_in_evaluation_is_its_steps_one_after_the_other(stride, pool):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        convolution = Convolution(3, 8, (5, 3), stride=stride, pool=pool)
        for _ in range(3):  # moments, and then a gain and a shift, that are not those it starts with
            convolution(5 + 3 * torch.randn(4, 3, 9, 20))
        torch.nn.init.normal_(convolution[1].gain)
        torch.nn.init.normal_(convolution[1].shift)
        image = 5 + 3 * torch.randn(2, 3, 9, 21)
    convolution.eval()
    expected = image
    for step in convolution:
        expected = step(expected)
    assert expected.max() > 1
    torch.testing.assert_close(convolution(image), expected, atol=1e-5, rtol=1e-5)
