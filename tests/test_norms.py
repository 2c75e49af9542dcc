"""Norms: the taught form equals torch's, and does what it says."""

import math

import pytest
import torch
import torch.nn.functional as F
from tiny import B, D, T, normal, scrambled
from torch import nn
from torch.testing import assert_close

from llmlite.model.norms import LayerNorm, RMSNorm, layer_norm, make_norm, rms_norm

pytestmark = pytest.mark.usefixtures("one_thread")
EPS = [1e-5, 0.3]


@pytest.mark.parametrize("eps", EPS)
def test_layer_norm_equals_that_of_torch(eps):
    x, weight, bias = 3 * normal(B, T, D) + 2, normal(D, seed=3), normal(D, seed=4)
    assert_close(layer_norm(x, weight, bias, eps), F.layer_norm(x, (D,), weight, bias, eps))
    assert_close(layer_norm(x, weight, eps=eps), F.layer_norm(x, (D,), weight, None, eps))


@pytest.mark.parametrize("eps", EPS)
def test_rms_norm_equals_that_of_torch(eps):
    x, weight = 3 * normal(B, T, D) + 2, normal(D, seed=3)
    assert_close(rms_norm(x, weight, eps), F.rms_norm(x, (D,), weight, eps))


def test_norms_by_hand():
    x = torch.tensor([[1.0, 5.0, 9.0, 3.0]], dtype=torch.float64)
    weight = torch.tensor([1.0, 2.0, 3.0, -1.0], dtype=torch.float64)
    rms = math.sqrt((1 + 25 + 81 + 9) / 4 + 0.5)
    assert_close(rms_norm(x, weight, 0.5), torch.tensor([[1.0, 10.0, 27.0, -3.0]]).double() / rms)
    mean, spread = 4.5, math.sqrt((3.5**2 + 0.5**2 + 4.5**2 + 1.5**2) / 4 + 0.5)
    wanted = torch.tensor([[1 - mean, 2 * (5 - mean), 3 * (9 - mean), mean - 3]]).double() / spread
    assert_close(layer_norm(x, weight, eps=0.5), wanted)


def test_what_a_norm_promises():
    x, one = 30 * normal(B, T, D) + 7, torch.ones(D, dtype=torch.float64)
    normed = layer_norm(x, one)
    assert normed.mean(dim=-1).abs().max() < 1e-12
    assert_close(normed.var(dim=-1, correction=0), torch.ones(B, T).double(), rtol=1e-6, atol=0)
    assert_close(rms_norm(x, one).square().mean(dim=-1), torch.ones(B, T).double(), rtol=1e-6, atol=0)
    assert_close(rms_norm(100 * x, one), rms_norm(x, one), rtol=1e-6, atol=1e-6)
    assert_close(layer_norm(100 * x + 5, one), layer_norm(x, one), rtol=1e-6, atol=1e-6)
    assert torch.equal(rms_norm(0 * x, one), 0 * x), "a vector of zeros divides by the root of eps"


def test_default_eps_is_that_of_the_modules():
    x, one = 1e-3 * normal(B, T, D), torch.ones(D, dtype=torch.float64)
    assert_close(layer_norm(x, one), F.layer_norm(x, (D,), one, None, 1e-5))
    assert_close(rms_norm(x, one), F.rms_norm(x, (D,), one, 1e-5))
    assert_close(LayerNorm(D).double()(x), layer_norm(x, one))
    assert_close(RMSNorm(D).double()(x), rms_norm(x, one))


@pytest.mark.parametrize("eps", EPS)
def test_modules_equal_the_taught_form_in_values_and_gradients(eps):
    x, up = normal(B, T, D).requires_grad_(), normal(B, T, D, seed=7)
    modules = LayerNorm(D, eps), LayerNorm(D, eps, bias=False), RMSNorm(D, eps)
    layer, bare, rms = (scrambled(module).double() for module in modules)
    taught = [
        (layer, layer_norm(x, layer.weight, layer.bias, eps)),
        (bare, layer_norm(x, bare.weight, None, eps)),
        (rms, rms_norm(x, rms.weight, eps)),
    ]
    for module, wanted in taught:
        inputs = (x, *module.parameters())
        assert_close(module(x), wanted)
        ours = torch.autograd.grad((wanted * up).sum(), inputs)
        theirs = torch.autograd.grad((module(x) * up).sum(), inputs)
        for one, other in zip(ours, theirs, strict=True):
            assert_close(one, other)


def test_parameters_of_norms_start_as_nothing():
    assert {name: p.tolist() for name, p in LayerNorm(3).named_parameters()} == {
        "weight": [1, 1, 1],
        "bias": [0, 0, 0],
    }
    assert [name for name, _ in LayerNorm(3, bias=False).named_parameters()] == ["weight"]
    assert {name: p.tolist() for name, p in RMSNorm(3).named_parameters()} == {"weight": [1, 1, 1]}


def test_make_norm():
    rms, layer = make_norm("rms", 7, 0.3), make_norm("layer", 7, 0.2, bias=True)
    assert isinstance(rms, RMSNorm)
    assert (rms.eps, rms.weight.shape) == (0.3, (7,))
    assert isinstance(layer, LayerNorm)
    assert (layer.eps, layer.weight.shape, layer.bias.shape) == (0.2, (7,), (7,))
    assert make_norm("layer", 7).bias is None
    assert isinstance(make_norm("none", 7), nn.Identity)
    with pytest.raises(ValueError, match="norm='batch' is none of rms, layer, none"):
        make_norm("batch", 7)
