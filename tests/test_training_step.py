"""The benchmark of a training step compares models that do the same, and sorts their time rightly."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import carrying
import pytest
import torch
from torch.testing import assert_close

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import _step_parts  # noqa: E402  (found through the line above)
import _step_ways  # noqa: E402
import training_step  # noqa: E402
from _plain_gpt import PlainGPT  # noqa: E402

from llmlite.model.count import forward_flops  # noqa: E402
from llmlite.model.gpt import GPT  # noqa: E402
from llmlite.model.positions import Positions  # noqa: E402
from llmlite.runtime import set_seed  # noqa: E402
from llmlite.training.losses import next_token_loss  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def ours_as(plain: PlainGPT) -> GPT:
    """Return our GPT with the weights of the plain one."""
    ours = GPT(training_step.AS_GPT2)
    state = {
        "embeddings.token.weight": plain.tokens.weight,
        "embeddings.position.weight": plain.places.weight,
    }
    for kind in ("weight", "bias"):
        for i, block in enumerate(plain.blocks):
            here = f"stack.blocks.{i}."
            parts = getattr(block.qkv, kind).chunk(3)
            for name, part in zip(("query", "key", "value"), parts, strict=True):
                state[f"{here}attention.{name}.{kind}"] = part
            state[f"{here}attention.out.{kind}"] = getattr(block.project, kind)
            state[f"{here}attention_norm.{kind}"] = getattr(block.norm1, kind)
            state[f"{here}mlp_norm.{kind}"] = getattr(block.norm2, kind)
            state[f"{here}mlp.up.{kind}"] = getattr(block.mlp[0], kind)
            state[f"{here}mlp.down.{kind}"] = getattr(block.mlp[2], kind)
        state[f"norm.{kind}"] = getattr(plain.norm, kind)
    ours.load_state_dict({name: value.detach() for name, value in state.items()})
    return ours


def loss_of(model: torch.nn.Module) -> torch.Tensor:
    """Return the loss of a model of the benchmark on its batch."""
    ids, targets = training_step.batch()
    asked = isinstance(model, training_step.AsUsed)
    return (training_step.only_loss if asked else next_token_loss)(model(ids), targets)


def test_the_plain_model_gives_our_loss_and_gradients() -> None:
    set_seed(1)
    plain = PlainGPT(training_step.AS_GPT2)
    ours = ours_as(plain)
    losses = [loss_of(model) for model in (ours, plain)]
    assert_close(*losses, rtol=1e-6, atol=1e-6)
    for loss in losses:
        loss.backward()
    for mine, its in (
        (ours.embeddings.token, plain.tokens),
        (ours.embeddings.position, plain.places),
        (ours.stack.blocks[0].attention_norm, plain.blocks[0].norm1),
        (ours.stack.blocks[3].mlp.down, plain.blocks[3].mlp[2]),
    ):
        assert_close(mine.weight.grad, its.weight.grad, rtol=1e-4, atol=1e-7)
    joined = plain.blocks[1].qkv.weight.grad.chunk(3)
    own = [getattr(ours.stack.blocks[1].attention, name).weight.grad for name in ("query", "key", "value")]
    for mine, its in zip(own, joined, strict=True):
        assert_close(mine, its, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "carried"),
    [
        ("transformers", carrying.gpt2),
        ("transformers, fused activation", carrying.gpt2),
        ("transformers' Llama", lambda theirs: carrying.llama(theirs, Positions())),
    ],
)
def test_models_of_transformers_give_our_loss(name: str, carried) -> None:
    set_seed(2)
    theirs = training_step.MODELS[name]()
    ours = carried(theirs.model)
    config = training_step.AS_LLAMA if "Llama" in name else training_step.AS_GPT2
    assert replace(ours.config, n_kv_heads=None) == config
    assert_close(loss_of(ours), loss_of(theirs), rtol=1e-6, atol=1e-6)
    chosen = theirs.model.config
    assert chosen._attn_implementation == "sdpa", "what transformers chooses by itself"
    assert not any(isinstance(part, torch.nn.Dropout) and part.p for part in theirs.modules())


def test_all_models_are_equally_large() -> None:
    sizes = {name: sum(p.numel() for p in make().parameters()) for name, make in training_step.MODELS.items()}
    gpts = {size for name, size in sizes.items() if "Llama" not in name}
    assert len(gpts) == 1 and sizes["llmlite as Llama"] == sizes["transformers' Llama"]
    assert abs(sizes["llmlite as Llama"] - gpts.pop()) < 25_000


def test_a_training_learns_and_hardly_moves() -> None:
    set_seed(3)
    model = training_step.MODELS["llmlite"]()
    before = model.norm.weight.detach().clone()
    (loss,) = training_step.training(model, steps=1)()
    assert loss == pytest.approx(6.24, abs=0.1), "ln 512: it knows nothing"
    moved = (model.norm.weight - before).abs().max()
    assert 0 < moved < 1e-5


@pytest.fixture
def precision() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("way", _step_ways.WAYS, ids=lambda way: way.what)
def test_each_way_gives_the_same_loss_and_gradients(way: _step_ways.Way, precision: None) -> None:
    set_seed(4)
    model = training_step.MODELS["llmlite"]()
    found = []

    def once() -> None:
        model.zero_grad()
        loss = loss_of(model)
        loss.backward()
        found.append((loss.detach(), [p.grad.clone() for p in model.parameters()]))

    once()
    before = torch.get_float32_matmul_precision(), _step_ways.attention.fused_attention
    _step_ways.inside(way.around, once)()
    assert before == (torch.get_float32_matmul_precision(), _step_ways.attention.fused_attention)
    (loss, grads), (other, others) = found
    loose = 2e-2 if "oneDNN" in way.what else 1e-5  # oneDNN may multiply in bfloat16
    assert_close(other, loss, rtol=loose, atol=loose)
    scale = max(float(grad.abs().max()) for grad in grads)
    for mine, its in zip(grads, others, strict=True):
        assert_close(its, mine, rtol=loose, atol=loose * scale)


def test_the_joined_product_is_one() -> None:
    seen = []
    model = training_step.MODELS["llmlite"]()
    way = next(way for way in _step_ways.WAYS if way.what.startswith("one product"))
    linear = torch.nn.functional.linear

    def spy(x, weight, *rest):
        seen.append(tuple(weight.shape))
        return linear(x, weight, *rest)

    with way.around(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "linear", spy)
        loss_of(model)
    assert seen.count((384, 128)) == 4 and seen.count((128, 128)) == 4, "and one for what comes out"


def event(name: str, shapes: list[list[int]] | None = None, above: str | None = None) -> SimpleNamespace:
    """Return an operator as a profile has it, below another one."""
    parent = None if above is None else event(above)
    return SimpleNamespace(name=name, input_shapes=shapes or [], cpu_parent=parent)


@pytest.mark.parametrize(
    ("found", "part"),
    [
        (event("aten::addmm"), "matrix products"),
        (event("aten::mm", above="AddmmBackward0"), "matrix products"),
        (event("aten::_scaled_dot_product_flash_attention_for_cpu_backward"), "attention"),
        (event("aten::native_layer_norm_backward"), "norms"),
        (event("aten::gelu_backward"), "activation"),
        (event("aten::tanh", [[8, 128, 512]]), "activation"),
        (event("aten::mul", [[], [8, 128, 512]]), "activation"),
        (event("aten::mul", [[8, 128, 128], []]), "copies, sums and tables"),
        (event("aten::copy_", [[8, 128, 512]]), "copies, sums and tables"),
        (event("aten::_log_softmax_backward_data"), "loss"),
        (event("aten::nll_loss_forward"), "loss"),
        (event("aten::embedding_dense_backward"), "copies, sums and tables"),
        (event("aten::_fused_adamw_", above="Optimizer.step#AdamW.step"), "optimizer"),
        (event("aten::mul", [[8, 128, 512]], above="Optimizer.step#AdamW.step"), "optimizer"),
        (event("Optimizer.zero_grad#AdamW.zero_grad"), "optimizer"),
        (event(_step_parts.STEP), "Python and autograd"),
        (event("autograd::engine::evaluate_function: MulBackward0"), "Python and autograd"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_operators_belong_to_parts(found: SimpleNamespace, part: str) -> None:
    assert _step_parts.part_of(found, width=512) == part


def test_parts_of_known_work(monkeypatch: pytest.MonkeyPatch) -> None:
    a = torch.randn(400, 400)

    def multiply() -> None:
        for _ in range(5):
            a @ a

    def bend() -> None:
        torch.nn.functional.gelu(a)

    took = iter([1.0, 5.0, 3.0, 9.0, 4.0, 7.0])  # of both, in turn
    monkeypatch.setattr(_step_parts, "seconds", lambda action: SimpleNamespace(wall=next(took)))
    listed = _step_parts.parts({"multiply": multiply, "bend": bend}, width=7, repeats=3)
    found = {(part["of"], part["what"]): part for part in listed}
    for of, whole, most, none in (
        ("multiply", 3.0, "matrix products", "activation"),
        ("bend", 7.0, "activation", "matrix products"),
    ):
        own = [part for part in listed if part["of"] == of]
        assert sum(part["share"] for part in own) == pytest.approx(1)
        assert sum(part["ours"] for part in own) == pytest.approx(whole), "the median"
        assert found[of, most]["share"] > 0 and found[of, none]["share"] == 0
        assert found[of, "attention"]["share"] == found[of, "optimizer"]["share"] == 0


def test_products_of_a_step_are_those_that_the_count_knows() -> None:
    config = training_step.AS_GPT2
    every = _step_parts.products_of_a_step(config, 3 * 128)
    assert len(every) == 3 * (config.n_layers * 6 + 1)
    flops = forward_flops(config, 128)
    linear = 3 * 3 * (sum(flops.values()) - flops["scores"])  # three rows; forward, and two back
    assert sum(each for _, each in every) == linear
    up = [every[start + 4][0]().shape for start in (0, 25, 50)]  # the fifth map: 128 to 512
    assert up == [(384, 512), (384, 128), (512, 128)], "the product, and the gradients of both factors"


def test_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([2.0, 9.0, 4.0])
    monkeypatch.setattr(_step_parts, "seconds", lambda action: SimpleNamespace(wall=next(took)))
    assert _step_parts.rate(lambda: None, 8.0, 3) == 2.0, "the median of the times"


def test_memory_of_a_process() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "_step_memory.py"), "llmlite", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
    parameters = sum(p.numel() for p in training_step.MODELS["llmlite"]().parameters())
    assert 4 * 4 * parameters < int(done.stdout) < 200e6, "weights, gradients, two means of AdamW, and more"
