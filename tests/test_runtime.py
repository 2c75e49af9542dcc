"""Seeds and devices."""

import random

import numpy as np
import pytest
import torch

from llmlite.runtime import generator, get_device, set_seed


@pytest.fixture(autouse=True)
def states():
    """Put the sources of chance back as they were."""
    kept = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        yield
    random.setstate(kept[0])
    np.random.set_state(kept[1])


def numbers():
    """Draw from each source."""
    return {
        "random": [random.random() for _ in range(3)],
        "numpy": np.random.random(3).tolist(),
        "torch": torch.rand(3).tolist(),
    }


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1])
def test_a_seed_gives_the_same_numbers_again(seed):
    set_seed(seed)
    first = numbers()
    numbers()
    set_seed(seed)
    assert numbers() == first


def test_seeds_are_those_of_the_libraries():
    set_seed(77)
    found = numbers()
    assert found["random"] == [r.random() for r in [random.Random(77)] for _ in range(3)]
    assert found["numpy"] == np.random.RandomState(77).random(3).tolist()
    assert found["torch"] == torch.rand(3, generator=torch.Generator().manual_seed(77)).tolist()


def test_other_seeds_give_other_numbers():
    set_seed(1)
    one = numbers()
    set_seed(2)
    two = numbers()
    assert all(one[source] != two[source] for source in one)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused_and_changes_nothing(seed):
    set_seed(3)
    numbers()
    state = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    with pytest.raises(ValueError, match=f"seed={seed}"):
        set_seed(seed)
    assert state == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())


def test_a_generator_is_on_the_cpu_and_stands_alone():
    torch.manual_seed(1)
    one = torch.rand(4, generator=generator(9))
    torch.manual_seed(2)
    untouched = torch.get_rng_state()
    assert torch.equal(torch.rand(4, generator=generator(9)), one)
    assert torch.equal(torch.get_rng_state(), untouched)
    assert torch.equal(one, torch.rand(4, generator=torch.Generator("cpu").manual_seed(9)))
    assert not torch.equal(torch.rand(4, generator=generator(10)), one)
    assert generator(0).device.type == "cpu"
    assert generator(0) is not generator(0)


def test_the_device_is_there():
    device = get_device()
    assert isinstance(device, torch.device)
    assert torch.ones(2, device=device).sum().item() == 2


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_fastest_device_is_chosen(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert get_device().type == expected


@pytest.mark.parametrize("seed", [1.5, "7", None])
def test_a_seed_that_is_no_integer_seeds_nothing(seed):
    state = random.getstate()
    with pytest.raises(ValueError, match=f"seed={seed!r}"):
        set_seed(seed)
    assert random.getstate() == state
