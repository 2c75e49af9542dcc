"""The configuration refuses what does not fit together, and names both values."""

import dataclasses
import math

import pytest
from tiny import tiny

from llmlite.model.config import ACTIVATIONS, NORMS, ModelConfig
from llmlite.model.positions import Positions

SIZES = ["vocab_size", "context_length", "n_layers", "n_heads", "n_kv_heads", "d_model", "d_ff"]


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("size", [0, -1, 4.0, True, "4"])
def test_sizes_are_whole_numbers_of_1_or_more(name, size):
    with pytest.raises(ValueError, match=rf"\b{name}={size!r}: a size is a whole number of 1 or more"):
        tiny(**{name: size})


@pytest.mark.parametrize("name", [name for name in SIZES if name != "n_kv_heads"])
def test_sizes_are_needed(name):
    with pytest.raises(ValueError, match=rf"\b{name}=None"):
        tiny(**{name: None})
    values = {field.name: getattr(tiny(), field.name) for field in dataclasses.fields(ModelConfig)}
    del values[name]
    with pytest.raises(TypeError, match=name):
        ModelConfig(**values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 50}, "d_model=50 is not a multiple of n_heads=6"),
        ({"d_model": 3, "n_kv_heads": 6}, "d_model=3 is not a multiple of n_heads=6"),
        ({"n_kv_heads": 4}, "n_heads=6 is not a multiple of n_kv_heads=4"),
        ({"n_kv_heads": 12}, "n_heads=6 is not a multiple of n_kv_heads=12"),
        ({"d_model": 42}, "d_model=42 over n_heads=6 gives heads of 7: .* even"),
        (
            {"d_model": 9, "n_heads": 3, "positions": Positions(kind="sinusoidal")},
            "d_model=9 is odd: sinusoidal",
        ),
        ({"norm": "batch"}, "norm='batch' is none of rms, layer, none"),
        ({"activation": "tanh"}, "activation='tanh' is none of swiglu, gelu, gelu_tanh, relu, relu_squared"),
        ({"norm_eps": 0}, "norm_eps=0:"),
        ({"norm_eps": -1e-5}, "norm_eps=-1e-05"),
        ({"norm_eps": math.nan}, "norm_eps=nan"),
        ({"norm_eps": math.inf}, "norm_eps=inf"),
        ({"positions": "rope"}, r"positions='rope': write Positions\(kind="),
        ({"positions": None}, "positions=None"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


def test_a_configuration_is_frozen_and_knows_its_fields():
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny().d_model = 12
    with pytest.raises(TypeError, match="n_head"):
        tiny(n_head=3)
    with pytest.raises(TypeError):
        ModelConfig(61, 23, 2, 6, 48, 40)
    assert tiny() == tiny()
    assert len({tiny(), tiny(), tiny(bias=True)}) == 2, "equal ones are one"


def test_defaults_are_those_of_a_modern_decoder():
    values = {"vocab_size": 5, "context_length": 7, "n_layers": 1, "n_heads": 2, "d_model": 4, "d_ff": 3}
    config = ModelConfig(**values)
    assert dataclasses.asdict(config) == {
        **values,
        "n_kv_heads": None,
        "positions": dataclasses.asdict(Positions()),
        "norm": "rms",
        "norm_eps": 1e-5,
        "post_norm": False,
        "activation": "swiglu",
        "bias": False,
        "tied": True,
        "qk_norm": False,
    }


def test_sizes_that_follow_from_others():
    assert (tiny().kv_heads, tiny(n_kv_heads=None).kv_heads, tiny(n_kv_heads=1).kv_heads) == (3, 6, 1)
    assert tiny().head_size == 8


def test_what_fits_is_taken():
    for norm in NORMS:
        for activation in ACTIVATIONS:
            assert tiny(norm=norm, activation=activation).norm == norm
    for kind in ("learned", "alibi", "none"):
        tiny(d_model=42, positions=Positions(kind=kind))  # heads of 7: only rotation needs pairs
        tiny(d_model=9, n_heads=3, positions=Positions(kind=kind))
    tiny(d_model=42, positions=Positions(kind="sinusoidal"))
    tiny(d_model=18, positions=Positions(kind="learned"), n_kv_heads=6)
