"""Models of ours with the weights of models of `transformers`: every foreign parameter has one place."""

import re
from collections.abc import Callable
from typing import TypeVar

from torch import Tensor, nn

from llmlite.model.config import ModelConfig
from llmlite.model.encoder import Encoder, MaskedLM
from llmlite.model.gpt import GPT
from llmlite.model.positions import Positions

Module = TypeVar("Module", bound=nn.Module)
# A rule: pattern of a foreign name -> names of ours, and how to make their values.
Rule = tuple[str, list[str], Callable[[Tensor], list[Tensor]]]


def same(x: Tensor) -> list[Tensor]:
    """Return a parameter as it is."""
    return [x]


def turned(x: Tensor) -> list[Tensor]:
    """Return a matrix that stands as inputs times outputs, turned."""
    return [x.mT if x.ndim == 2 else x]


def thirds(x: Tensor) -> list[Tensor]:
    """Return three matrices that stand on top of each other."""
    return list(x.chunk(3))


def turned_thirds(x: Tensor) -> list[Tensor]:
    """Return three matrices that stand beside each other as inputs times outputs, turned."""
    return [part for whole in turned(x) for part in whole.chunk(3)]


def carried(ours: Module, theirs: nn.Module, rules: list[Rule]) -> Module:
    """Fill our model with their parameters; each of theirs must be used, each of ours filled, once."""
    state: dict[str, Tensor] = {}
    used = set()
    for name, value in theirs.state_dict().items():
        if value.data_ptr() in used:
            continue  # tied: the memory of one that is carried already
        used.add(value.data_ptr())
        found = [(re.fullmatch(pattern, name), *rest) for pattern, *rest in rules]
        places = [(match, names, make) for match, names, make in found if match]
        assert len(places) == 1, f"{name} fits {len(places)} rules"
        match, names, make = places[0]
        for target, part in zip(names, make(value), strict=True):
            target = match.expand(target)
            assert target not in state, f"{target} comes twice"
            state[target] = part.clone()
    ours.load_state_dict(state)
    return ours.eval()


QKV = ["query", "key", "value"]


def gpt2(theirs: nn.Module) -> GPT:
    """Return our GPT with the weights of a GPT2LMHeadModel."""
    c = theirs.config
    config = ModelConfig(
        vocab_size=c.vocab_size, context_length=c.n_positions, n_layers=c.n_layer, n_heads=c.n_head,
        d_model=c.n_embd, d_ff=c.n_inner, positions=Positions(kind="learned"), norm="layer",
        norm_eps=c.layer_norm_epsilon, activation="gelu_tanh", bias=True, tied=True,
    )  # fmt: skip
    block = r"transformer\.h\.(\d+)\."
    rules: list[Rule] = [
        (r"transformer\.wte\.weight", ["embeddings.token.weight"], same),
        (r"transformer\.wpe\.weight", ["embeddings.position.weight"], same),
        (block + r"ln_1\.(\w+)", [r"stack.blocks.\1.attention_norm.\2"], same),
        (block + r"ln_2\.(\w+)", [r"stack.blocks.\1.mlp_norm.\2"], same),
        (block + r"attn\.c_attn\.(\w+)", [rf"stack.blocks.\1.attention.{x}.\2" for x in QKV], turned_thirds),
        (block + r"attn\.c_proj\.(\w+)", [r"stack.blocks.\1.attention.out.\2"], turned),
        (block + r"mlp\.c_fc\.(\w+)", [r"stack.blocks.\1.mlp.up.\2"], turned),
        (block + r"mlp\.c_proj\.(\w+)", [r"stack.blocks.\1.mlp.down.\2"], turned),
        (r"transformer\.ln_f\.(\w+)", [r"norm.\1"], same),
    ]
    return carried(GPT(config), theirs, rules)


def llama(theirs: nn.Module, positions: Positions, context_length: int | None = None) -> GPT:
    """Return our GPT with the weights of a LlamaForCausalLM, or of a Qwen3ForCausalLM."""
    c = theirs.config
    config = ModelConfig(
        vocab_size=c.vocab_size, context_length=context_length or c.max_position_embeddings,
        n_layers=c.num_hidden_layers, n_heads=c.num_attention_heads, n_kv_heads=c.num_key_value_heads,
        d_model=c.hidden_size, d_ff=c.intermediate_size, positions=positions, norm="rms",
        norm_eps=c.rms_norm_eps, activation="swiglu", bias=c.attention_bias, tied=c.tie_word_embeddings,
        qk_norm=c.model_type == "qwen3",
    )  # fmt: skip
    block = r"model\.layers\.(\d+)\."
    rules: list[Rule] = [
        (r"model\.embed_tokens\.weight", ["embeddings.token.weight"], same),
        (block + r"input_layernorm\.(\w+)", [r"stack.blocks.\1.attention_norm.\2"], same),
        (block + r"post_attention_layernorm\.(\w+)", [r"stack.blocks.\1.mlp_norm.\2"], same),
        (block + r"self_attn\.(q|k)_norm\.(\w+)", [r"stack.blocks.\1.attention.\2_norm.\3"], same),
        (block + r"self_attn\.q_proj\.(\w+)", [r"stack.blocks.\1.attention.query.\2"], same),
        (block + r"self_attn\.k_proj\.(\w+)", [r"stack.blocks.\1.attention.key.\2"], same),
        (block + r"self_attn\.v_proj\.(\w+)", [r"stack.blocks.\1.attention.value.\2"], same),
        (block + r"self_attn\.o_proj\.(\w+)", [r"stack.blocks.\1.attention.out.\2"], same),
        (block + r"mlp\.(up|gate|down)_proj\.(\w+)", [r"stack.blocks.\1.mlp.\2.\3"], same),
        (r"model\.norm\.(\w+)", [r"norm.\1"], same),
        (r"lm_head\.weight", ["head.weight"], same),
    ]
    return carried(GPT(config), theirs, rules)


def mpt(theirs: nn.Module) -> GPT:
    """Return our GPT with the weights of a MptForCausalLM: ALiBi, and layer norms without shifts."""
    c = theirs.config
    config = ModelConfig(
        vocab_size=c.vocab_size, context_length=c.max_seq_len, n_layers=c.n_layers, n_heads=c.n_heads,
        d_model=c.d_model, d_ff=4 * c.d_model, positions=Positions(kind="alibi"), norm="layer",
        norm_eps=c.layer_norm_epsilon, activation="gelu", bias=False, tied=True,
    )  # fmt: skip
    block = r"transformer\.blocks\.(\d+)\."
    rules: list[Rule] = [
        (r"transformer\.wte\.weight", ["embeddings.token.weight"], same),
        (block + r"norm_1\.(\w+)", [r"stack.blocks.\1.attention_norm.\2"], same),
        (block + r"norm_2\.(\w+)", [r"stack.blocks.\1.mlp_norm.\2"], same),
        (block + r"attn\.Wqkv\.(\w+)", [rf"stack.blocks.\1.attention.{x}.\2" for x in QKV], thirds),
        (block + r"attn\.out_proj\.(\w+)", [r"stack.blocks.\1.attention.out.\2"], same),
        (block + r"ffn\.(up|down)_proj\.(\w+)", [r"stack.blocks.\1.mlp.\2.\3"], same),
        (r"transformer\.norm_f\.(\w+)", [r"norm.\1"], same),
    ]
    return carried(GPT(config), theirs, rules)


class BloomGPT(GPT):
    """Our GPT, with the norm that Bloom has behind its table of embeddings."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embedding_norm = nn.LayerNorm(config.d_model, config.norm_eps)
        self.embeddings.register_forward_hook(lambda module, inputs, x: self.embedding_norm(x))


def bloom(theirs: nn.Module, context_length: int) -> GPT:
    """Return our GPT with the weights of a BloomForCausalLM: ALiBi, with any number of heads."""
    c = theirs.config
    config = ModelConfig(
        vocab_size=c.vocab_size, context_length=context_length, n_layers=c.n_layer, n_heads=c.n_head,
        d_model=c.hidden_size, d_ff=4 * c.hidden_size, positions=Positions(kind="alibi"), norm="layer",
        norm_eps=c.layer_norm_epsilon, activation="gelu_tanh", bias=True, tied=True,
    )  # fmt: skip

    def by_head(x: Tensor) -> list[Tensor]:
        """Return queries, keys and values, which stand head by head."""
        heads = x.unflatten(0, (c.n_head, 3, -1))  # (H, 3, Dh, ...)
        return [part.flatten(0, 1) for part in heads.unbind(1)]

    block = r"transformer\.h\.(\d+)\."
    attention = r"stack.blocks.\1.attention."
    rules: list[Rule] = [
        (r"transformer\.word_embeddings\.weight", ["embeddings.token.weight"], same),
        (r"transformer\.word_embeddings_layernorm\.(\w+)", [r"embedding_norm.\1"], same),
        (block + r"input_layernorm\.(\w+)", [r"stack.blocks.\1.attention_norm.\2"], same),
        (block + r"post_attention_layernorm\.(\w+)", [r"stack.blocks.\1.mlp_norm.\2"], same),
        (block + r"self_attention\.query_key_value\.(\w+)", [rf"{attention}{x}.\2" for x in QKV], by_head),
        (block + r"self_attention\.dense\.(\w+)", [attention + r"out.\2"], same),
        (block + r"mlp\.dense_h_to_4h\.(\w+)", [r"stack.blocks.\1.mlp.up.\2"], same),
        (block + r"mlp\.dense_4h_to_h\.(\w+)", [r"stack.blocks.\1.mlp.down.\2"], same),
        (r"transformer\.ln_f\.(\w+)", [r"norm.\1"], same),
    ]
    return carried(BloomGPT(config), theirs, rules)


def bert(theirs: nn.Module) -> MaskedLM:
    """Return our encoder, which scores hidden tokens, with the weights of a BertForMaskedLM."""
    c = theirs.config
    config = ModelConfig(
        vocab_size=c.vocab_size, context_length=c.max_position_embeddings, n_layers=c.num_hidden_layers,
        n_heads=c.num_attention_heads, d_model=c.hidden_size, d_ff=c.intermediate_size,
        positions=Positions(kind="learned"), norm="layer", norm_eps=c.layer_norm_eps, post_norm=True,
        activation="gelu", bias=True,
    )  # fmt: skip
    block, ours = r"bert\.encoder\.layer\.(\d+)\.", r"encoder.stack.blocks.\1."
    rules: list[Rule] = [
        (r"bert\.embeddings\.word_embeddings\.weight", ["encoder.embeddings.token.weight"], same),
        (r"bert\.embeddings\.position_embeddings\.weight", ["encoder.embeddings.position.weight"], same),
        (r"bert\.embeddings\.token_type_embeddings\.weight", ["encoder.types.weight"], same),
        (r"bert\.embeddings\.LayerNorm\.(\w+)", [r"encoder.embedding_norm.\1"], same),
        (block + r"attention\.self\.(query|key|value)\.(\w+)", [ours + r"attention.\2.\3"], same),
        (block + r"attention\.output\.dense\.(\w+)", [ours + r"attention.out.\2"], same),
        (block + r"attention\.output\.LayerNorm\.(\w+)", [ours + r"attention_norm.\2"], same),
        (block + r"intermediate\.dense\.(\w+)", [ours + r"mlp.up.\2"], same),
        (block + r"output\.dense\.(\w+)", [ours + r"mlp.down.\2"], same),
        (block + r"output\.LayerNorm\.(\w+)", [ours + r"mlp_norm.\2"], same),
        (r"cls\.predictions\.transform\.dense\.(\w+)", [r"dense.\1"], same),
        (r"cls\.predictions\.transform\.LayerNorm\.(\w+)", [r"norm.\1"], same),
        (r"cls\.predictions\.bias", ["bias"], same),
    ]
    return carried(MaskedLM(Encoder(config, n_types=c.type_vocab_size)), theirs, rules)
