"""How fast does our GPT learn, beside the usual block in plain PyTorch, and beside transformers?

    python benchmarks/training_step.py [--steps N] [--threads N] [--compile yes] [--repeats N] [--json FILE]

A step is forward, loss, backward and AdamW (in one kernel, for all) on one batch. The models have the same
sizes and learn from the same ids: in 32 bits, on the CPU, in one process, in turn. Memory is measured in
processes of their own. `--compile yes` tries torch.compile, too, which needs a C++ compiler and a minute.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
import transformers
from _measuring import Action, Case, paired, parser, report, seconds, spread
from _plain_gpt import PlainGPT
from _step_parts import parts, products
from _step_ways import WAYS, Way, error_of_onednn, inside
from torch import Tensor, nn

from llmlite.model.config import ModelConfig
from llmlite.model.gpt import GPT
from llmlite.model.positions import Positions
from llmlite.runtime import generator, set_seed
from llmlite.text.batches import IGNORE_INDEX
from llmlite.training.loop import fit
from llmlite.training.losses import next_token_loss

transformers.logging.set_verbosity_error()
ROWS = 8
MEMORY_RUNS = 3
SIZES: dict[str, Any] = {
    "vocab_size": 512, "context_length": 128, "n_layers": 4, "n_heads": 4, "d_model": 128,
}  # fmt: skip
AS_GPT2 = ModelConfig(
    **SIZES, d_ff=512, positions=Positions(kind="learned"), norm="layer", activation="gelu_tanh", bias=True
)
AS_LLAMA = ModelConfig(**SIZES, d_ff=344)  # three matrices of 344 are about as large as two of 512
SAME = "tests/test_training_step.py::"
AS_PLAIN = SAME + "test_the_plain_model_gives_our_loss_and_gradients"
AS_THEIRS = SAME + "test_models_of_transformers_give_our_loss"


class AsUsed(nn.Module):
    """A model of transformers, used as its documentation says: ids and labels in, the loss out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        """Return the mean loss over all next tokens of ids (B, T)."""
        return self.model(input_ids=ids, labels=ids).loss  # type: ignore[no-any-return]


def gpt2(**changes: Any) -> nn.Module:
    """Return the GPT-2 of transformers, without dropout."""
    c = AS_GPT2
    config = transformers.GPT2Config(
        vocab_size=c.vocab_size, n_positions=c.context_length, n_embd=c.d_model, n_layer=c.n_layers,
        n_head=c.n_heads, n_inner=c.d_ff, bos_token_id=0, eos_token_id=0,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, **changes,
    )  # fmt: skip
    return AsUsed(transformers.GPT2LMHeadModel(config))


def llama() -> nn.Module:
    """Return the Llama of transformers."""
    c = AS_LLAMA
    config = transformers.LlamaConfig(
        vocab_size=c.vocab_size, max_position_embeddings=c.context_length, hidden_size=c.d_model,
        intermediate_size=c.d_ff, num_hidden_layers=c.n_layers, num_attention_heads=c.n_heads,
        rms_norm_eps=c.norm_eps, tie_word_embeddings=True,
    )  # fmt: skip
    return AsUsed(transformers.LlamaForCausalLM(config))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "llmlite": lambda: GPT(AS_GPT2),
    "plain PyTorch": lambda: PlainGPT(AS_GPT2),
    "transformers": gpt2,
    "transformers, fused activation": lambda: gpt2(activation_function="gelu_pytorch_tanh"),
    "llmlite as Llama": lambda: GPT(AS_LLAMA),
    "transformers' Llama": llama,
}
COMPARED = list(MODELS)[:3]


def batch() -> tuple[Tensor, Tensor]:
    """Return ids (B, T), and the token after each; after the last, nothing counts."""
    shape = ROWS, AS_GPT2.context_length
    ids = torch.randint(AS_GPT2.vocab_size, shape, generator=generator(1))
    return ids, torch.cat([ids[:, 1:], torch.full((ROWS, 1), IGNORE_INDEX)], dim=1)


def only_loss(loss: Tensor, targets: Tensor) -> Tensor:
    """Return the loss that a model has computed itself."""
    return loss


def training(model: nn.Module, steps: int, fused: bool = True) -> Action:
    """Return an action that takes some steps, all on one batch."""
    # So small a rate that the weights, and with them the work, stay as they are.
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=fused)
    loss = only_loss if isinstance(model, AsUsed) else next_token_loss
    batches = [batch()] * steps
    return lambda: fit(model, batches, loss, optimizer)


def made(name: str, steps: int) -> Action:
    """Return the training of one of the models."""
    set_seed(0)
    return training(MODELS[name](), steps)


def both(ours: str, theirs: str, steps: int) -> tuple[Action, Action]:
    """Return the training of two models."""
    return made(ours, steps), made(theirs, steps)


def cases(args: argparse.Namespace) -> list[Case]:
    """Return the rows. Targets: as fast as the plain block, within the scatter; 1.3 times transformers."""

    def row(what: str, library: str, names: tuple[str, str], test: str, target: float | None = None) -> Case:
        return Case(what, library, partial(both, *names, args.steps), (test,), target)

    fused, llamas = "transformers, fused activation", ("llmlite as Llama", "transformers' Llama")
    return [
        row("as GPT-2", "torch", ("llmlite", "plain PyTorch"), AS_PLAIN, 1.05),
        row("as GPT-2", "transformers", ("llmlite", "transformers"), AS_THEIRS, 0.77),
        row("as GPT-2, gelu fused", "transformers", ("llmlite", fused), AS_THEIRS),
        row("as Llama", "transformers", llamas, AS_THEIRS),
    ]


def ways(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return what changes of our step bring: ratios, changed / as it is, and the time of the first steps."""
    models = [(way.what, GPT(AS_GPT2), way) for way in WAYS]
    if args.compile == "yes":
        models.append(("torch.compile", torch.compile(GPT(AS_GPT2)), Way("")))  # type: ignore[arg-type]
    usual, tried = made("llmlite", args.steps), []
    for what, model, way in models:
        changed = inside(way.around, training(model, args.steps, way.fused))
        first = seconds(changed).wall
        pairs = paired(args.repeats, changed, usual)
        tried.append({"what": what, "ratio": spread(a.wall / b.wall for a, b in pairs), "first": first})
    return tried


def memory(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return by how many bytes a process grows that trains, each model in processes of its own."""
    script = Path(__file__).with_name("_step_memory.py")
    grown = {name: list[int]() for name in COMPARED}
    for _ in range(MEMORY_RUNS):
        for name in COMPARED:
            command = [sys.executable, str(script), name, str(args.threads)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            grown[name].append(int(done.stdout))
    return [{"what": name, "bytes": median(runs)} for name, runs in grown.items()]


def profiled(args: argparse.Namespace) -> dict[str, Any]:
    """Return the parts of a step for each model, and the rates of matrix products."""
    steps = {name: made(name, steps=1) for name in COMPARED}
    for step in steps.values():
        step()
    shares = parts(steps, AS_GPT2.d_ff, 2 * args.repeats)
    ours = sum(part["ours"] for part in shares if part["of"] == "llmlite")
    return {"parts": shares, "products": products(AS_GPT2, ROWS, ours, args.repeats)}


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    shared = parser(__doc__)
    shared.add_argument("--steps", type=int, default=5, help="steps that are timed at once (default 5)")
    shared.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
    shared.add_argument(
        "--compile", choices=["yes", "no"], default="no", help="try torch.compile (default no)"
    )
    return shared


def main(arguments: list[str] | None = None) -> None:
    """Measure and print tables; write the figures as JSON if asked to."""
    args = options().parse_args(arguments)
    torch.set_num_threads(args.threads)
    more = {**profiled(args), "ways": ways(args), "memory": memory(args), "onednn_error": error_of_onednn()}
    report(__file__, args, cases(args), **more)
    print()
    for part in more["parts"]:
        print(f"{part['of']}: {part['what']:30}{part['ours']:>8.4f} s{part['share']:>6.0%}")
    for each in more["products"]:
        print(f"{each['what']:50}{each['per_second'] / 1e9:>6.0f} GFLOP/s{each['share']:>6.0%}")
    for way in more["ways"]:
        print(f"{way['what']:50}{way['ratio']['median']:>6.2f}, first steps {way['first']:.1f} s")
    for each in more["memory"]:
        print(f"{each['what']:20}{each['bytes'] / 1e6:>8.1f} MB")


if __name__ == "__main__":
    main()
