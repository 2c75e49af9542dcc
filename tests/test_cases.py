"""Cases of blanked symbols: each accepts the package's version and rejects versions with one mistake."""

import inspect
import sys
from pathlib import Path
from typing import Any

import pytest
from assigning import available_cases
from pieces import Book

from llmlite.cases import find_case, resolve

MISTAKES = {
    "evaluation.metrics.bits": [("/ math.log(2)", "* math.log(2)"), ("/ math.log(2)", "/ 2")],
    "evaluation.metrics.cross_entropy": [
        ("-math.fsum(log_probs)", "math.fsum(log_probs)"),
        ("/ units", "/ len(log_probs)"),
        ("math.fsum(log_probs)", "math.fsum(p for p in log_probs if p > -1e9)"),
        ("or units < 1", ""),
    ],
    "evaluation.metrics.excess": [("- floor) / floor", "- floor) / loss"), ("floor <= 0", "floor < 0")],
    "evaluation.metrics.perplexity": [("math.exp(nats", "(2**nats"), ("math.exp(", "math.exp(-")],
    "evaluation.nats.text_nats": [
        ("model.eval()", "pass"),
        ("nats[i] = value", "nats[start] = value"),
        ("ignore_index=IGNORE_INDEX", "ignore_index=end"),
        ("start + batch_size", "start + 99"),
        (".sum(dim=1)", ".mean(dim=1)"),
        ("return nats", "return sorted(nats)"),
    ],
    "model.blocks.Block": [
        ("x = x + self.attention(self.attention_norm(x)", "x = self.attention(self.attention_norm(x)"),
        ("self.attention(self.attention_norm(x)", "self.attention(x"),
        ("return x + self.mlp(self.mlp_norm(x))", "return x + self.mlp(self.attention_norm(x))"),
        ("return x + self.mlp(self.mlp_norm(x))", "return self.mlp(self.mlp_norm(x))"),
        ("self.mlp_norm(x + self.mlp(x))", "x + self.mlp_norm(self.mlp(x))"),
        ("if self.post_norm:", "if not self.post_norm:"),
        ("qk_norm=config.qk_norm,", ""),
        ("norm_eps=config.norm_eps,", ""),
        ("activation=config.activation, ", ""),
    ],
    "model.blocks.MLP": [
        ("F.silu(self.gate(x)) * up", "F.silu(up) * self.gate(x)"),
        ("F.silu(self.gate(x)) * up", "F.silu(self.gate(x))"),
        ("up.relu().square()", "up.square()"),
        ('== "gelu_tanh"', '== "gelu"'),
        ("nn.Linear(d_ff, d_model, bias=bias)", "nn.Linear(d_ff, d_model)"),
        ('activation: str = "swiglu"', 'activation: str = "gelu"'),
        ("if activation not in ACTIVATIONS:", "if False:"),
    ],
    "model.blocks.gelu": [("x / 2**0.5", "x"), ("(1 + torch", "(torch"), (") / 2", ")"), ("x * (1", "(1")],
    "model.blocks.swiglu": [
        ("* up", "+ up"),
        ("gate * gate.", "gate."),
        ("gate.sigmoid() * up", "up.sigmoid() * up"),
    ],
    "model.norms.layer_norm": [
        ("centred.square()", "x.square()"),
        ("unit = centred", "unit = x"),
        ("torch.rsqrt(variance + eps)", "(1 / (variance.sqrt() + eps))"),
        ("torch.rsqrt(variance + eps)", "(1 / (variance + eps))"),
        ("x.mean(dim=-1, keepdim=True)", "x.mean()"),
        ("unit * weight + bias", "(unit + bias) * weight"),
        ("eps: float = 1e-5", "eps: float = 1e-2"),
    ],
    "model.norms.rms_norm": [
        ("x.square().mean(dim=-1, keepdim=True)", "x.var(dim=-1, keepdim=True)"),
        ("x.square().mean(dim=-1, keepdim=True)", "x.square().sum(dim=-1, keepdim=True)"),
        ("x.square().mean(dim=-1, keepdim=True)", "x.square().mean()"),
        ("* weight", ""),
        ("+ eps", ""),
        ("eps: float = 1e-5", "eps: float = 1e-2"),
    ],
    "model.ngrams.NGram": [
        ("len(seen) * p", "p"),
        ("[padded[end]] += 1", "[padded[end]] = 1"),
        ("item[1]", "len(item[0])"),
        ("p = 1 / len(self.vocabulary)", "p = 0.0"),
        ("for n in reversed(range(self.order))", "for n in range(1)"),
        ("point -= count", "point -= 1"),
        ("!= end", "is not None"),
        ("return self\n", "return None\n"),
    ],
    "model.positions.alibi_bias": [
        ("-slopes", "slopes"),
        ("queries[:, None] - keys[None, :]", "queries[None, :] - keys[:, None]"),
        (".abs()", ""),
        ("-slopes[:, None, None]", "-slopes[0]"),
    ],
    "model.positions.alibi_slopes": [
        ("-8.0 / power", "-4.0 / power"),
        ("torch.arange(1, power + 1)", "torch.arange(power)"),
        ("torch.arange(1, 2 * power + 1, 2)", "torch.arange(2, 2 * power + 1, 2)"),
        ("math.floor(math.log2(n_heads))", "math.ceil(math.log2(n_heads))"),
        ("between[: n_heads - power]", "slopes[: n_heads - power]"),
    ],
    "model.positions.ntk_base": [
        ("base * factor", "base + factor"),
        ("head_size / (head_size - 2)", "(head_size - 2) / head_size"),
        ("head_size / (head_size - 2)", "1"),
        ("head_size <= 2", "head_size < 2"),
    ],
    "model.positions.rope_angles": [
        ("torch.outer(positions, speeds)", "torch.outer(speeds, positions).T.flip(0)"),
        ("torch.outer(positions, speeds)", "torch.outer(torch.arange(len(positions)), speeds)"),
        ("angles.cos(), angles.sin()", "angles.sin(), angles.cos()"),
        ("torch.outer(positions, speeds)", "positions[:, None] / speeds"),
    ],
    "model.positions.rope_speeds": [
        ("-torch", "torch"),
        ("/ head_size)", "/ (head_size // 2))"),
        ("0, head_size, 2", "head_size // 2"),
        ("0, head_size, 2", "1, head_size, 2"),
        ("base: float = 10_000.0", "base: float = 1000.0"),
        ("if head_size % 2:", "if False:"),
    ],
    "model.positions.rotate": [
        ("left * cos - right * sin", "left * cos + right * sin"),
        ("left * sin + right * cos", "right * sin + left * cos"),
        ("x.chunk(2, dim=-1)", "(x[..., 0::2], x[..., 1::2])"),
        ("chunk(2, dim=-1)", "chunk(2, dim=-1)[::-1]"),
        ("dim=-1)", "dim=-2)"),
    ],
    "model.positions.sinusoidal": [
        ("[angles.sin(), angles.cos()]", "[angles.cos(), angles.sin()]"),
        ("dim=-1).flatten(1)", "dim=1).flatten(1)"),
        ("torch.arange(length)", "torch.arange(1, length + 1)"),
        ("rope_speeds(d_model, base)", "rope_speeds(d_model)"),
    ],
    "model.positions.stretched": [
        ("speeds / scheme.factor", "speeds * scheme.factor"),
        ("speeds / scheme.factor, 1.0", "speeds / scheme.factor, yarn_scale(scheme.factor)"),
        ("ntk_base(scheme.base", "ntk_base(10_000.0"),
        ("scheme.trained_length), yarn_scale(scheme.factor)", "scheme.trained_length), 1.0"),
        ("rope_speeds(head_size, scheme.base)\n", "rope_speeds(head_size)\n"),
        ("yarn_speeds(speeds, scheme.factor", "yarn_speeds(speeds, 1.0"),
    ],
    "model.positions.yarn_scale": [("0.1 *", "0.2 *"), ("+ 1", ""), ("math.log(", "math.log2(")],
    "model.positions.yarn_speeds": [
        ("speeds * (1 - ramp) + speeds / factor * ramp", "speeds * ramp + speeds / factor * (1 - ramp)"),
        ("turns = [fast_turns, slow_turns]", "turns = [32, 1]"),
        ("2 * math.pi * count", "count"),
        (".clamp(0, 1)", ""),
        ("math.floor(ends[0])", "math.ceil(ends[0])"),
        ("math.ceil(ends[1])", "math.floor(ends[1])"),
        ("speeds / factor", "speeds * factor"),
    ],
    "text.bpe.encode_word": [
        ("min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))", "max(pairs, key=len)"),
        ("lambda pair: ranks.get(pair, len(ranks))", "lambda pair: -ranks.get(pair, -1)"),
        ("ranks.get(pair, len(ranks))", "ranks.get(pair, 0)"),
        ("pairs.index(best)", "len(pairs) - 1 - pairs[::-1].index(best)"),
        ("parts[i : i + 2] = [best]", "parts = parts[:i] + [best] + parts[i + 1 :]\n        break"),
        ("return [ranks[part] for part in parts]", "return parts"),
        ("if best not in ranks:", "if ranks.get(best, 999) > 257:"),
    ],
    "text.bpe.merge": [
        ("i += 2", "i += 1"),
        ("while i < len(ids):", "while i < len(ids) - 1:"),
        ("== pair", "== pair[::-1]"),
        ("return merged", "ids[:] = merged\n    return merged"),
        ("return merged", "return"),
    ],
    "text.bpe.train_bpe": [
        ("< n_merges", "<= n_merges"),
        ("(-count, pair)", "(-count, (-pair[0], pair[1]))"),
        ("enumerate(BYTES)", "enumerate(sorted(BYTES))"),
        ("heappush(queue, (-pairs.counts[made], made))", "pass"),
        ("(-pairs.counts[made], made)", "(-1, made)"),
        ("if -count != pairs.counts[pair]:", "if False:"),
        ("words.values()", "[1] * len(words)"),
        ("(left, right))", "(right, left))"),
        ("return merges", "return [left + right for left, right in merges]"),
    ],
    "text.corpus.unwords": [("closing or ", ""), ("quoted = not quoted", "pass"), ('f" {token}"', "token")],
    "text.corpus.words": [("WORD.findall(text)", "text.split()"), ("findall(text)", "findall(text.lower())")],
    "text.unigram.expected_counts": [
        ("log_add(forward[end], forward[start] + p)", "max(forward[end], forward[start] + p)"),
        ("in reversed(spans)", "in spans"),
        ("forward[start] + p + backward[end]", "forward[start] + backward[end]"),
        ("- forward[n])", ")"),
        ("max(0, end - longest)", "0"),
        ("+= share", "= share"),
        ("return {}, -math.inf", "return {}, 0.0"),
        ("return dict(counts), forward[n]", "return dict(counts), math.exp(forward[n])"),
    ],
    "text.unigram.viterbi": [
        ("> best[end]", ">= best[end]"),
        ("unknown if len(piece) == 1 else -math.inf", "unknown"),
        ("get(piece, unknown if len(piece) == 1 else -math.inf)", "get(piece, -math.inf)"),
        ("max(0, end - longest)", "0"),
        ("return pieces[::-1]", "return pieces"),
        ("[-math.inf] * len(word)", "[-1e9] * len(word)"),
        ("best[start] + log_prob,", "log_prob,"),
    ],
    "text.wordpiece.longest_match": [
        ("range(len(word), start, -1)", "range(start + 1, len(word) + 1)"),
        ('"##" if start else ""', '""'),
        ('"##" if start else ""', '"##"'),
        ("return [unknown]\n        pieces", "return [*pieces, unknown]\n        pieces"),
        ("len(word) > max_length", "len(word) >= max_length"),
        ("max_length: int = 100", "max_length: int = 200"),
        ("return [unknown]\n    pieces", "return ['[UNK]']\n    pieces"),
    ],
    "training.losses.next_token_loss": [
        ("ignore_index=IGNORE_INDEX", "ignore_index=3"),
        ("logits.flatten(0, -2)", "logits.mT.flatten(0, -2).view(-1, logits.shape[-1])"),
        ("return F", "return -F"),
        ("logits.flatten(0, -2)", "logits.detach().flatten(0, -2)"),
        ("if logits.shape[:-1] != targets.shape:", "if False:"),
    ],
    "training.loop.fit": [
        ("optimizer.zero_grad()", "pass"),
        ("optimizer.step()", "pass"),
        ("model.train()", "pass"),
        ("losses.append(value.item())", "losses.append(value)"),
        ("losses.append(value.item())", "losses.append(loss(model(inputs), targets).item())"),
        ("on_step(step, losses[-1])", "on_step(step + 1, losses[-1])"),
        ("on_step is not None", "on_step is None"),
        ("in enumerate(batches)", "in enumerate(list(batches)[:2])"),
        ("return losses", "return"),
    ],
}  # fmt: skip


def written(symbol: str, old: str = "", new: str = "") -> Any:
    """Return the package's version of a symbol, made anew from its source, with one text changed."""
    owner, name = resolve(symbol)
    original = getattr(owner, name)
    source = inspect.getsource(original)
    assert old in source, f"{symbol} does not hold {old!r}"
    namespace = dict(vars(sys.modules[original.__module__]))
    exec(source.replace(old, new), namespace)
    return namespace[name]


def test_every_case_is_tested_with_mistakes() -> None:
    assert available_cases(Book(Path(__file__).resolve().parents[1])) == sorted(MISTAKES)


@pytest.mark.parametrize("symbol", MISTAKES)
def test_a_case_accepts_the_packages_version(symbol: str) -> None:
    case = find_case(symbol)
    assert case is not None
    case(written(symbol))


@pytest.mark.parametrize(
    ("symbol", "old", "new"), [(s, old, new) for s, pairs in MISTAKES.items() for old, new in pairs]
)
def test_a_case_rejects_a_mistake(symbol: str, old: str, new: str) -> None:
    case = find_case(symbol)
    assert case is not None
    with pytest.raises(Exception) as error:  # any failure counts, as in `yours`
        case(written(symbol, old, new))
    assert not isinstance(error.value, SyntaxError | NameError), "the mistake is one that runs"
