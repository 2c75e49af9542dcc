"""The book's own trained models, shipped with the package, and the recipes that make them again.

Each model is a file `data/zoo/NAME.safetensors`: weights in half precision, and in its header the recipe and
the version of the town. Beside it lies its tokenizer. The checksums of all files stand here, in `MODELS`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from llmlite.model.config import ModelConfig
from llmlite.model.gpt import GPT
from llmlite.model.positions import Positions
from llmlite.runtime import generator
from llmlite.storage import atomic_write, sha256
from llmlite.text.batches import text_batches
from llmlite.text.bpe import BPETokenizer
from llmlite.training.loop import fit
from llmlite.training.losses import next_token_loss
from llmlite.world import VERSION, Town

FORMAT = "llmlite zoo 1"
FOLDER = Path(str(files("llmlite").joinpath("data", "zoo")))
END = "<|endoftext|>"
TOKENIZER_STORIES, TOKENIZER_SEED = 2000, 1_000_001  # far from the seeds of training stories
BETAS = (0.9, 0.95)
Progress = Callable[[int, int, float], None]  # step, from 0; number of all steps; loss


class ZooError(ValueError):
    """Report a model that cannot be had, and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What makes a model.

    Args:
        config: sizes and choices of the model.
        seed: decides the weights, the training stories, and the order of the batches.
        stories: training stories, each read once.
        batch_tokens: about so many tokens in a step.
        learning_rate: of AdamW, at its highest.
        warmup: steps in which the rate rises; at the last step it has fallen to zero, in a straight line.
        weight_decay: of AdamW.
        spread: standard deviation of the table of embeddings at the start.
        version: another number where the same recipe means something else.
    """

    config: ModelConfig
    seed: int
    stories: int
    batch_tokens: int
    learning_rate: float
    warmup: int
    weight_decay: float
    spread: float
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A model of the package.

    Args:
        recipe: makes it.
        weights: checksum of the file of its weights.
        tokenizer: name and checksum of the file of its tokenizer.
        excess: the band of its excess over the floor, from recipes that differ in the seed.
    """

    recipe: Recipe
    weights: str
    tokenizer: tuple[str, str]
    excess: tuple[float, float]


MODELS = {
    "first-gpt": Shipped(
        recipe=Recipe(
            config=ModelConfig(
                vocab_size=1536,
                context_length=256,
                n_layers=4,
                n_heads=4,
                d_model=80,
                d_ff=208,
                qk_norm=True,
            ),
            seed=1,
            stories=10_000,
            batch_tokens=512,
            learning_rate=1e-2,
            warmup=40,
            weight_decay=0.1,
            spread=0.1,
        ),
        weights="6cc163257080cdeb1e50a687cd20eaec01037062da1af74aa9863ece3f97ecfb",
        tokenizer=("town-1536.json", "533dcd4c28cbd4943e1c6c5daed947edea75ce4b76c764e40e130f4f04549e3d"),
        excess=(0.27, 0.38),
    ),
}


def load(name: str) -> tuple[GPT, BPETokenizer]:
    """Return a model of the package, in evaluation mode, and its tokenizer.

    Args:
        name: one of `MODELS`.

    Raises:
        ZooError: there is no such model, or a file of it is missing, damaged, or another than was shipped.
    """
    shipped = _shipped(name)
    file, checksum = shipped.tokenizer
    remedy = f"install the package again, or make the model with zoo.train({name!r})"
    for path, wanted in ((weights_file(name), shipped.weights), (FOLDER / file, checksum)):
        if not path.is_file():
            raise ZooError(f"{path} is missing: {remedy}")
        if sha256(path) != wanted:
            raise ZooError(f"{path} is damaged or another file, its checksum differs: {remedy}")
    recipe, model = read(weights_file(name))
    if recipe != shipped.recipe:
        raise ZooError(f"{weights_file(name)} was made by another recipe: {remedy}")
    return model, BPETokenizer.load(FOLDER / file)


def train(recipe: str | Recipe, on_step: Progress | None = None) -> tuple[GPT, BPETokenizer]:
    """Make a model of the zoo again, or one by a recipe of your own, and its tokenizer.

    Args:
        recipe: one of `MODELS`, or what `dataclasses.replace(MODELS[name].recipe, ...)` gives.
        on_step: called after each step.

    Returns:
        The model, in evaluation mode, and its tokenizer. The same recipe gives the same ones, up to what
        machines and numbers of threads change in the last digits.

    Raises:
        ZooError: there is no such model.
    """
    if isinstance(recipe, str):
        recipe = recipe_of(recipe)
    tokenizer = make_tokenizer(recipe.config.vocab_size)
    model = fresh(recipe)
    teach(model, recipe, tokenizer, on_step)
    return model.eval(), tokenizer


def make_tokenizer(vocab_size: int) -> BPETokenizer:
    """Return the tokenizer of all models of the town that have so many tokens."""
    return BPETokenizer.train(Town().stories(TOKENIZER_STORIES, TOKENIZER_SEED), vocab_size, [END])


def fresh(recipe: Recipe) -> GPT:
    """Return the model as it is before the first step; torch's own random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = GPT(recipe.config)
        nn.init.normal_(model.embeddings.token.weight, std=recipe.spread)
    return model


def teach(
    model: nn.Module, recipe: Recipe, tokenizer: BPETokenizer, on_step: Progress | None = None
) -> list[float]:
    """Let a model read the stories of a recipe, once, and return the loss of every step."""
    rows = [tokenizer.encode(story) for story in Town().stories(recipe.stories, recipe.seed)]
    batches = text_batches(rows, recipe.batch_tokens, tokenizer.special[END], generator(recipe.seed))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, betas=BETAS, weight_decay=recipe.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / recipe.warmup, 1 - step / len(batches))
    )

    def after(step: int, loss: float) -> None:
        schedule.step()
        if on_step is not None:
            on_step(step, len(batches), loss)

    return fit(model, batches, next_token_loss, optimizer, after)


def weights_file(name: str) -> Path:
    """Return where the weights of a model lie."""
    return FOLDER / f"{name}.safetensors"


def write(path: Path | str, recipe: Recipe, model: GPT) -> Path:
    """Write weights, in half precision, and recipe to a file, and return its path."""
    header = {"format": FORMAT, "town": str(VERSION), "recipe": json.dumps(asdict(recipe))}
    state = {name: weight.half().contiguous() for name, weight in model.state_dict().items()}
    return atomic_write(path, save(state, header))


def read(path: Path | str) -> tuple[Recipe, GPT]:
    """Return what `write` wrote: the recipe, and the model in single precision and evaluation mode.

    Raises:
        ZooError: the file is missing, damaged, no model's, or of another version of the town or the package.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ZooError(f"{path} cannot be read ({error}): write it again") from error
    if header.get("format") != FORMAT:
        raise ZooError(
            f"{path} has the format {header.get('format')!r}, not {FORMAT!r}: write it with zoo.write"
        )
    if header.get("town") != str(VERSION):
        raise ZooError(
            f"{path} learned from version {header.get('town')} of the town, this package tells version "
            f"{VERSION}: train it again"
        )
    try:
        recipe = parse_recipe(header["recipe"])
        model = GPT(recipe.config)
        model.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ZooError(f"{path} does not fit this package ({error}): train it again") from error
    return recipe, model.eval()


def parse_recipe(text: str) -> Recipe:
    """Return the recipe that a header holds, as JSON.

    Raises:
        ValueError: no JSON, or sizes that do not fit together.
        TypeError, KeyError: fields are missing or unknown.
    """
    fields = json.loads(text)
    positions = Positions(**fields["config"].pop("positions"))
    config = ModelConfig(**fields.pop("config"), positions=positions)
    return Recipe(**fields, config=config)


def recipe_of(name: str) -> Recipe:
    """Return what makes a model.

    Raises:
        ZooError: there is no such model.
    """
    return _shipped(name).recipe


def _shipped(name: str) -> Shipped:
    if name not in MODELS:
        raise ZooError(f"there is no model {name!r}: the zoo has {', '.join(MODELS)}")
    return MODELS[name]
