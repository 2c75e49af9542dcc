"""The early forms of tokenizer, model and recipe, the acceptance run of the town, and the vocabularies."""

import ast
import importlib.util
import json
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "experiments"))

import provenance  # noqa: E402  (found through the line above)
from early import bpe, words  # noqa: E402
from early.gpt import GPT, Cache, Config, rope_tables, rotate  # noqa: E402
from early.muon import Muon, Together, muon_and_adamw, orthogonalize  # noqa: E402
from early.recipe import Recipe, batches, factor, pad, sample, story_nats, train  # noqa: E402

from llmlite import world  # noqa: E402
from llmlite.text.bpe import BPETokenizer  # noqa: E402

ACCEPTANCE = ROOT / "llmlite" / "data" / "results" / "01_acceptance.json"
TINY = Config(vocab_size=600, context_length=256, n_layers=2, n_heads=3, d_model=24, d_ff=40)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Leave the other cores alone: these models are too small to share."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def town() -> world.Town:
    """Return the default town."""
    return world.Town()


@pytest.fixture(scope="module")
def tokenizer(town: world.Town) -> bpe.Tokenizer:
    """Return a small tokenizer of the town's stories."""
    return bpe.Tokenizer(bpe.train(town.stories(200, seed=1), TINY.vocab_size))


def random_model(seed: int = 0) -> GPT:
    """Return a tiny model none of whose weights is zero."""
    torch.manual_seed(seed)
    model = GPT(TINY)
    for name, parameter in model.named_parameters():
        if name != "log_scale":  # logits of a sensible size
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


# --- tokenizer ---------------------------------------------------------------------------------------------


def naive_merges(texts: list[str], vocab_size: int) -> list[bpe.Pair]:
    """Find merges by counting everything anew each time."""
    pieces = [tuple(word.encode()) for text in texts for word in bpe.WORDS.findall(text)]
    merges: list[bpe.Pair] = []
    while 256 + len(merges) < vocab_size:
        pairs = [pair for ids in pieces for pair in pairwise(ids)]
        if not pairs:
            break
        counts = {pair: pairs.count(pair) for pair in set(pairs)}
        best = max(counts, key=lambda pair: (counts[pair], (-pair[0], -pair[1])))
        merges.append(best)
        pieces = [bpe.merge(ids, best, 255 + len(merges)) for ids in pieces]
    return merges


def test_merges_equal_those_of_counting_everything_anew() -> None:
    texts = ["the hen then ate ten eggs; the end.", "aaaa aaa aa a, banana bananas"]
    assert bpe.train(texts, 290) == naive_merges(texts, 290)


def test_any_text_survives_the_tokenizer(tokenizer: bpe.Tokenizer) -> None:
    dice = random.Random(0)
    alphabet = "  \n\n\t\r\u00a0\u3000aeht.,'!_019äßжя漢👋\u0301\x00"
    texts = ["", "Hello,  world!", "it's hee-haw\n\n "]
    texts += ["".join(dice.choices(alphabet, k=dice.randrange(30))) for _ in range(500)]
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_newline_is_the_end_of_a_story_and_nothing_else(tokenizer: bpe.Tokenizer, town: world.Town) -> None:
    assert [i for i, piece in enumerate(tokenizer.bytes) if b"\n" in piece] == [bpe.END_OF_STORY]
    one, two = town.stories(2, seed=2)
    assert tokenizer.encode(f"{one}\n{two}") == [
        *tokenizer.encode(one),
        bpe.END_OF_STORY,
        *tokenizer.encode(two),
    ]


def test_encoding_replays_the_merges_in_their_order(tokenizer: bpe.Tokenizer) -> None:
    for word in ("banana", " Mossford", " hedgehogs"):
        ids = tuple(word.encode())
        for rank, pair in enumerate(tokenizer.merges):
            ids = bpe.merge(ids, pair, 256 + rank)
        assert tokenizer.encode_word(word) == ids


# --- model -------------------------------------------------------------------------------------------------


def test_a_model_with_a_cache_equals_one_without() -> None:
    model = random_model()
    ids = torch.randint(TINY.vocab_size, (5, 19))  # (B, T)
    whole = model(ids)  # (B, T, V)
    cache = Cache()
    parts = [model(ids[:, a:b], cache) for a, b in ((0, 7), (7, 8), (8, 9), (9, 16), (16, 19))]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=1e-4, atol=1e-4)


def test_no_position_sees_what_comes_after_it() -> None:
    model = random_model()
    ids = torch.randint(TINY.vocab_size, (2, 11))  # (B, T)
    changed = ids.clone()
    changed[:, 7] = (ids[:, 7] + 1) % TINY.vocab_size
    before, after = model(ids), model(changed)
    torch.testing.assert_close(before[:, :7], after[:, :7], rtol=0, atol=0)
    assert (before[:, 7:] - after[:, 7:]).abs().amax(dim=(0, 2)).min() > 1e-3


def test_rotated_queries_and_keys_know_only_their_distance() -> None:
    cos, sin = rope_tables(40, 8)
    q, k = torch.randn(2, 8)
    scores = rotate(q.expand(40, 8), cos, sin) @ rotate(k.expand(40, 8), cos, sin).T  # (T, S)
    for distance in (-5, 0, 3):
        diagonal = scores.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=1e-4, atol=1e-5)
    assert (scores[0] - scores[0, 0]).abs().max() > 0.1  # distances do differ


def test_too_many_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="257 tokens do not fit into a context of 256"):
        random_model()(torch.zeros(1, 257, dtype=torch.long))
    with pytest.raises(ValueError, match="n_heads=3"):
        Config(d_model=80, n_heads=3)


# --- Muon --------------------------------------------------------------------------------------------------


def test_newton_schulz_orthogonalises() -> None:
    torch.manual_seed(0)
    stack = torch.randn(3, 12, 30) * torch.tensor([1e-3, 1.0, 1e3])[:, None, None]  # (N, rows, columns)
    result = orthogonalize(stack)
    u, _, vt = torch.linalg.svd(stack, full_matrices=False)
    values = u.mT @ result @ vt.mT  # (N, rows, rows): diagonal, since the singular vectors stay
    diagonal = values.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(values, torch.diag_embed(diagonal), rtol=0, atol=1e-3)
    assert diagonal.min() > 0.6 and diagonal.max() < 1.3


@pytest.mark.parametrize("shape", [(24, 24), (16, 40), (40, 16)])
def test_muon_equals_torch_within_bfloat16(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    start = [torch.randn(shape) for _ in range(2)]
    ours, theirs = ([p.clone().requires_grad_() for p in start] for _ in range(2))
    settings = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.95}
    a = Muon(ours, **settings)
    b = torch.optim.Muon(theirs, **settings, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn(shape)
            q.grad = p.grad.clone()
        a.step()
        b.step()
    for p, q, old in zip(ours, theirs, start, strict=True):
        moved = (q - old).norm()
        assert (p - q).norm() < 0.02 * moved  # bfloat16 keeps 8 bits: 0.4% a product, ten products in a row
        assert (p - q).norm() > 0  # float32 is not bfloat16: the two were computed apart


def test_matrices_go_to_muon_and_the_rest_to_adamw() -> None:
    together = muon_and_adamw(random_model(), 1e-2, 3e-3, 0.1)
    muon, adamw = (sum(len(group["params"]) for group in o.param_groups) for o in together.optimizers)
    # six matrices a block; four norms a block, and the embedding, the last norm, the scale of the logits
    assert (muon, adamw) == (2 * 6, 2 * 4 + 3)


def test_one_factor_scales_every_learning_rate() -> None:
    weights = [torch.zeros(2, requires_grad=True) for _ in range(2)]
    together = Together(torch.optim.SGD(weights[:1], lr=0.5), torch.optim.SGD(weights[1:], lr=0.1))
    together.scale(0.2)
    together.scale(0.5)  # of the peak, not of the last one
    for weight in weights:
        weight.grad = torch.ones(2)
    together.step()
    assert [w[0].item() for w in weights] == pytest.approx([-0.25, -0.05])


# --- recipe ------------------------------------------------------------------------------------------------


def test_batches_hold_every_story_once_and_from_its_start() -> None:
    rows = [list(range(100, 100 + n % 13 + 2)) for n in range(500)]
    found = []
    for inputs, targets in batches(rows, 64, seed=3):
        assert inputs.shape == targets.shape
        assert (inputs[:, 0] == bpe.END_OF_STORY).all()
        assert (targets >= 0).sum() <= 64 + 8  # half of the longest story more
        for x, y in zip(inputs.tolist(), targets.tolist(), strict=True):
            story = [token for token in y if token >= 0]
            assert story[-1] == bpe.END_OF_STORY and x[1 : len(story)] == story[:-1]
            found.append(story[:-1])
    assert sorted(found) == sorted(rows)


def test_padding_does_not_change_the_nats_of_a_story(tokenizer: bpe.Tokenizer, town: world.Town) -> None:
    model = random_model()
    rows = [tokenizer.encode(text) for text in town.stories(5, seed=4)]
    alone = [
        torch.nn.functional.cross_entropy(model(x)[0], y[0], reduction="sum").item()
        for x, y in (pad([row]) for row in rows)
    ]
    assert story_nats(model, rows, batch=3) == pytest.approx(alone, rel=1e-5)


def test_the_learning_rate_rises_stays_and_falls_to_zero() -> None:
    rates = [factor(step, 200, warmup=10, decay=0.4) for step in range(200)]
    assert rates[0] == pytest.approx(0.1) and rates[9:121] == [1.0] * 112
    assert rates[160] == pytest.approx(0.5) and 0 < rates[199] < 0.02


def test_thirty_steps_lower_the_loss_and_no_step_does_not(tokenizer: bpe.Tokenizer, town: world.Town) -> None:
    rows = [tokenizer.encode(text) for text in town.stories(60, seed=5)]
    data = (list(batches(rows, 512, seed=0)) * 30)[:30]
    torch.manual_seed(0)
    trained, frozen = GPT(TINY), GPT(TINY)
    losses = train(trained, data, Recipe(warmup=5))
    control = train(frozen, data, Recipe(warmup=5, matrix_lr=0.0, other_lr=0.0))
    assert losses[0] == pytest.approx(math.log(TINY.vocab_size), rel=0.2)  # it knows nothing yet
    assert sum(losses[-5:]) / 5 < 0.75 * losses[0]
    assert sum(control[-5:]) / 5 > 0.95 * control[0]


def test_samples_follow_the_distribution_of_the_model(tokenizer: bpe.Tokenizer) -> None:
    model = GPT(TINY)  # its blocks add nothing yet: the next token depends on the last one only
    with torch.no_grad():
        model.embedding.weight.zero_()
        model.embedding.weight[:, 0] = 1.0  # whatever was read, the stream is the same
        model.embedding.weight[ord("a"), 1] = model.embedding.weight[bpe.END_OF_STORY, 1] = 0.0
        model.embedding.weight[:, 0] -= 3.0  # every token but these two becomes improbable
        model.embedding.weight[ord("a"), 0] = 3.0
        model.embedding.weight[bpe.END_OF_STORY, 0] = 3.0
    first = model(torch.tensor([[bpe.END_OF_STORY]])).softmax(dim=-1)[0, 0]
    ended = sum(text == "" for text in sample(model, tokenizer, 2000, seed=0)) / 2000
    assert abs(ended - first[bpe.END_OF_STORY].item()) < 4 * (0.25 / 2000) ** 0.5  # four standard errors
    assert sample(model, tokenizer, 3, seed=7) == sample(model, tokenizer, 3, seed=7)


# --- words -------------------------------------------------------------------------------------------------


def test_words_add_up_to_the_story(tokenizer: bpe.Tokenizer, town: world.Town) -> None:
    model = random_model()
    (text,) = town.stories(1, seed=6)
    found = list(words.words_of(town, words.lexicon(town), model, tokenizer, text))
    assert sum(word.town for word in found) == pytest.approx(-town.log_prob(text), abs=1e-6)
    (nats,) = story_nats(model, [tokenizer.encode(text)])
    assert sum(word.model for word in found) == pytest.approx(nats, rel=1e-5)
    assert found[-1].text == "\n" and "".join(w.text for w in found[:-1]) == text.replace(" ", "")
    assert f"{'all':30}" in words.report(town, model, tokenizer, [text])


# --- results -----------------------------------------------------------------------------------------------


def test_seeds_are_kept_only_if_nothing_that_matters_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    key = {"code": "c0de", "parameters": {"tokens": 5.0}}
    assert provenance.finished(path, key) == []
    path.write_text(json.dumps({**key, "date": "2000-01-01", "seeds": [{"seed": 0}]}))
    assert provenance.finished(path, key) == [{"seed": 0}]
    assert provenance.finished(path, {**key, "code": "0ther"}) == []
    assert provenance.finished(path, {**key, "parameters": {"tokens": 6.0}}) == []


def test_the_fingerprint_follows_the_code(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = provenance.fingerprint([tmp_path])
    assert before == provenance.fingerprint([tmp_path / "a.py"])
    (tmp_path / "a.py").write_text("x = 2\n")
    assert provenance.fingerprint([tmp_path]) != before


@pytest.fixture(scope="module")
def acceptance() -> dict[str, Any]:
    """Return the stored results of the acceptance run."""
    if not ACCEPTANCE.exists():
        pytest.skip("the acceptance run has not been made yet")
    return dict(json.loads(ACCEPTANCE.read_text(encoding="utf-8")))


def test_the_stored_results_say_how_they_were_made(acceptance: dict[str, Any]) -> None:
    wanted = {
        "command",
        "date",
        "hardware",
        "versions",
        "world_version",
        "code",
        "parameters",
        "summary",
        "seeds",
    }
    assert wanted <= acceptance.keys()
    assert acceptance["world_version"] == world.VERSION
    assert acceptance["command"].startswith("python experiments/01_acceptance.py")
    assert acceptance["parameters"]["model"] == asdict(Config())  # what the early forms are by default
    assert acceptance["parameters"]["recipe"] == asdict(Recipe())
    assert len({seed["seed"] for seed in acceptance["seeds"]}) == len(acceptance["seeds"]) >= 5
    fields = {"tokens", "steps", "minutes", "floor", "loss", "excess", "right", "grammatical", "samples"}
    for seed in acceptance["seeds"]:
        assert fields <= seed.keys() and len(seed["samples"]) == 5
        assert seed["excess"] == pytest.approx(seed["loss"] / seed["floor"] - 1)
        assert sum(seed["verdicts"].values()) == acceptance["parameters"]["samples"] >= 500
    for name in ("excess", "right"):
        mean = sum(seed[name] for seed in acceptance["seeds"]) / len(acceptance["seeds"])
        assert acceptance["summary"]["mean"][name] == pytest.approx(mean)


def test_the_stored_floor_is_the_floor_of_this_town(acceptance: dict[str, Any]) -> None:
    script = ast.parse((ROOT / "experiments" / "01_acceptance.py").read_text(encoding="utf-8"))
    (seed,) = (
        node.value.value
        for node in script.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HELD_OUT_SEED"
    )
    town = world.Town(seed=acceptance["parameters"]["town_seed"])
    stories = town.stories(acceptance["parameters"]["held_out"], seed=seed)
    floor = -sum(map(town.log_prob, stories)) / len(stories)
    assert [each["floor"] for each in acceptance["seeds"]] == pytest.approx(
        [floor] * len(acceptance["seeds"])
    )


def test_the_town_is_accepted(acceptance: dict[str, Any]) -> None:
    mean = acceptance["summary"]["mean"]
    assert max(seed["tokens"] for seed in acceptance["seeds"]) <= 2.5e6
    assert mean["excess"] <= 0.07
    assert mean["right"] >= 0.60
    assert min(seed["excess"] for seed in acceptance["seeds"]) > 0  # nothing beats the floor


# --- the size of the vocabulary ----------------------------------------------------------------------------


def vocabulary_script() -> Any:
    """Return the script of experiment 02 as a module of its own."""
    spec = importlib.util.spec_from_file_location("vocabulary", ROOT / "experiments" / "02_vocabulary.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that runs a tiny experiment 02 with some arguments, and reads what it writes."""
    script, out = vocabulary_script(), tmp_path / "results.json"
    monkeypatch.setattr(script, "SIZES", (300, 400))
    monkeypatch.setattr(script, "TOKENIZER_STORIES", 200)

    def run(*arguments: str, tokens: str = "5e3") -> dict[str, Any]:
        fixed = ["02_vocabulary.py", "--threads", "1", "--held-out", "4", "--out", str(out)]
        monkeypatch.setattr(sys, "argv", [*fixed, "--tokens", tokens, *arguments])
        script.main()
        return dict(json.loads(out.read_text(encoding="utf-8")))

    return run


def test_a_trial_of_vocabularies_writes_what_it_says(
    trial: Callable[..., dict[str, Any]], town: world.Town, capsys: pytest.CaptureFixture[str]
) -> None:
    script = vocabulary_script()
    learned = {
        n: BPETokenizer.train(town.stories(200, seed=script.TOKENIZER_SEED), n).encode for n in (300, 400)
    }
    told, held_out = town.stories(60, seed=0), town.stories(4, seed=script.HELD_OUT_SEED)
    limit = (
        sum(len(learned[300](story)) + 1 for story in told[:20]) - 1
    )  # the end of the twentieth is too much
    found = trial("--seeds", "1", tokens=str(limit))
    assert found["floor"] == pytest.approx(-sum(map(town.log_prob, held_out)) / 4)
    n_bytes = sum(len(story.encode()) + 1 for story in held_out) / 4
    assert found["floor_bits_per_byte"] == pytest.approx(found["floor"] / math.log(2) / n_bytes)
    (seed,) = found["seeds"]
    assert [run["size"] for run in seed["runs"]] == [300, 400]
    for run in seed["runs"]:
        encode = learned[run["size"]]
        assert run["stories"] == sum(
            end <= limit for end in accumulate(len(encode(story)) + 1 for story in told)
        )
        assert run["tokens_per_story"] == sum(len(encode(story)) + 1 for story in held_out) / 4
        assert run["bits_per_byte"] == pytest.approx(run["loss"] / math.log(2) / n_bytes)
        assert found["floor"] < run["loss"] < 1.1 * run["tokens_per_story"] * math.log(run["size"])
    small, large = seed["runs"]
    assert small["stories"] == 19
    assert large["parameters"] - small["parameters"] == 100 * Config().d_model
    assert large["stories"] > small["stories"] and large["tokens_per_story"] < small["tokens_per_story"]
    assert "seed 0, above the floor of " in capsys.readouterr().out


def test_a_trial_of_vocabularies_goes_on_where_it_stopped(
    trial: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    first = trial("--seeds", "1")
    second = trial("--seeds", "2")
    assert second["seeds"][0] == first["seeds"][0]  # with its seconds: it was not trained again
    assert [seed["seed"] for seed in second["seeds"]] == [0, 1]
    assert second["seeds"][1]["runs"][0]["loss"] != first["seeds"][0]["runs"][0]["loss"]
    other = trial("--seeds", "1", tokens="6e3")
    assert other["seeds"][0]["runs"][0]["stories"] > first["seeds"][0]["runs"][0]["stories"]
    assert capsys.readouterr().out.count("seed 0") == 2


def test_a_seed_decides_weights_stories_and_batches(
    town: world.Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, seen = vocabulary_script(), list[tuple[torch.Tensor, list[Any]]]()
    monkeypatch.setattr(script, "TOKENIZER_STORIES", 200)
    monkeypatch.setattr(
        script, "train", lambda model, data, recipe: seen.append((model.embedding.weight.clone(), data))
    )
    run = script.Run(sizes=(300,), tokens=5e3, held_out=1, model=Config(), recipe=Recipe(batch_tokens=512))
    held_out = town.stories(1, seed=script.HELD_OUT_SEED)
    tokenizer = BPETokenizer.train(town.stories(200, seed=script.TOKENIZER_SEED), 300)
    for seed in (0, 1):
        script.measured(run, 300, seed, town, held_out)
        wanted = list(batches(script.corpus(town, tokenizer, 5e3, seed), 512, seed))
        for one, two in zip(seen[-1][1], wanted, strict=True):
            assert torch.equal(one[0], two[0]) and torch.equal(one[1], two[1])
    assert not torch.equal(seen[0][0], seen[1][0])
    assert script.corpus(town, tokenizer, 5e3, 0) != script.corpus(town, tokenizer, 5e3, 1)


@pytest.fixture(scope="module")
def vocabulary() -> dict[str, Any]:
    """Return the stored results of experiment 02."""
    path = ROOT / "llmlite" / "data" / "results" / "02_vocabulary.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_the_stored_vocabularies_say_how_they_were_made(
    vocabulary: dict[str, Any], town: world.Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"command", "date", "hardware", "versions", "world_version", "code", "parameters", "seeds"}
    assert wanted | {"floor", "floor_bits_per_byte"} == vocabulary.keys()
    assert vocabulary["world_version"] == world.VERSION
    script = vocabulary_script()
    monkeypatch.setattr(sys, "argv", vocabulary["command"].split()[1:])
    assert sys.argv[0] == "experiments/02_vocabulary.py"
    given = script.arguments()
    monkeypatch.setattr(sys, "argv", sys.argv[:1])
    default = script.arguments()
    assert (given.tokens, given.held_out) == (default.tokens, default.held_out)
    assert [seed["seed"] for seed in vocabulary["seeds"]] == list(range(given.seeds)) and given.seeds >= 3
    settings = {"model": asdict(Config()), "recipe": asdict(Recipe()), "sizes": list(script.SIZES)}
    assert vocabulary["parameters"] == settings | {"tokens": default.tokens, "held_out": default.held_out}
    held_out = town.stories(default.held_out, seed=script.HELD_OUT_SEED)
    floor = -sum(map(town.log_prob, held_out)) / len(held_out)
    n_bytes = sum(len(story.encode()) + 1 for story in held_out) / len(held_out)
    assert vocabulary["floor"] == pytest.approx(floor)
    for row in [run for seed in vocabulary["seeds"] for run in seed["runs"]]:
        assert row["bits_per_byte"] == pytest.approx(row["loss"] / math.log(2) / n_bytes)
    assert vocabulary["floor_bits_per_byte"] == pytest.approx(floor / math.log(2) / n_bytes)


def test_what_the_chapter_says_of_vocabularies_holds_with_every_seed(vocabulary: dict[str, Any]) -> None:
    for seed in vocabulary["seeds"]:
        runs = {run["size"]: run for run in seed["runs"]}
        assert list(runs) == vocabulary["parameters"]["sizes"]
        above = {size: run["loss"] / vocabulary["floor"] - 1 for size, run in runs.items()}
        assert above[256] > above[512] > above[1024] > above[2048] > above[3072] > above[1536] > 0
        assert 0.15 < above[1536] < 0.25  # a fifth
        assert 0.2 < runs[256]["stories"] / runs[3072]["stories"] < 0.3  # a quarter of the stories
        assert all(run["stories"] * run["tokens_per_story"] < 8.2e5 for run in runs.values())
        seconds = [run["processor_seconds"] for run in runs.values()]
        assert max(seconds) < 1.5 * min(seconds)  # about as long at every size
        parameters = [run["parameters"] - size * Config().d_model for size, run in runs.items()]
        assert len(set(parameters)) == 1  # the models differ in the rows of the embedding only
    tokens = [[run["tokens_per_story"] for run in seed["runs"]] for seed in vocabulary["seeds"]]
    assert all(row == tokens[0] == sorted(row, reverse=True) for row in tokens)
