"""Our models with the weights of `transformers` give its logits, whatever the family."""

import math

import carrying
import pytest
import torch
from tiny import DH, C, D, F, H, K, L, T, V, scrambled, some_ids
from torch.testing import assert_close
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BloomConfig,
    BloomForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MptConfig,
    MptForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.bloom.modeling_bloom import build_alibi_tensor

from llmlite.model.attention import padding_mask
from llmlite.model.positions import Positions, alibi_bias, alibi_slopes, stretched

pytestmark = pytest.mark.usefixtures("one_thread")
ENDS = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}


def assert_same_logits(ours, theirs):
    """Compare logits in 32 bits, also where they are large enough to tell."""
    ids = some_ids()
    with torch.no_grad():
        logits = theirs(ids).logits
        assert 0.3 < logits.std() < 3, "of a size that a tolerance of 1e-5 is small beside"
        assert_close(ours(ids), logits, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_gpt2(eps):
    sizes = {"n_positions": C, "n_embd": D, "n_layer": L, "n_head": H, "n_inner": F}
    theirs = scrambled(GPT2LMHeadModel(GPT2Config(vocab_size=V, layer_norm_epsilon=eps, **sizes, **ENDS)))
    assert_same_logits(carrying.gpt2(theirs), theirs)


def llama_config(kind=LlamaConfig, length=C, **changes):
    sizes = {"hidden_size": D, "intermediate_size": F, "num_hidden_layers": L, "num_attention_heads": H}
    defaults = {"num_key_value_heads": K, "rms_norm_eps": 1e-5, "head_dim": DH, "tie_word_embeddings": False}
    changes.setdefault("rope_parameters", {"rope_type": "default", "rope_theta": 10_000.0})
    return kind(vocab_size=V, max_position_embeddings=length, **{**sizes, **defaults, **ENDS, **changes})


@pytest.mark.parametrize("kv_heads", [1, 2, 3, 6])
@pytest.mark.parametrize("tied", [False, True])
def test_llama(kv_heads, tied):
    config = llama_config(num_key_value_heads=kv_heads, tie_word_embeddings=tied)
    theirs = scrambled(LlamaForCausalLM(config))
    assert_same_logits(carrying.llama(theirs, Positions()), theirs)


def test_llama_with_another_eps_and_biases():
    config = llama_config(rms_norm_eps=0.1, attention_bias=True, mlp_bias=True)
    theirs = scrambled(LlamaForCausalLM(config))
    assert_same_logits(carrying.llama(theirs, Positions()), theirs)


@pytest.mark.parametrize(
    ("rope", "ours"),
    [
        ({"rope_type": "default"}, {}),
        ({"rope_type": "linear", "factor": 2.5}, {"scaling": "linear", "factor": 2.5}),
        (
            {"rope_type": "yarn", "factor": 2.5, "original_max_position_embeddings": 700},
            {"scaling": "yarn", "factor": 2.5, "trained_length": 700},
        ),
    ],
)
def test_llama_with_stretched_positions(rope, ours):
    config = llama_config(rope_parameters={"rope_theta": 300.0, **rope})
    theirs = scrambled(LlamaForCausalLM(config))
    assert_same_logits(carrying.llama(theirs, Positions(base=300.0, **ours)), theirs)


def test_llama_with_dynamic_ntk_at_one_length():
    trained, factor = 9, 2.0  # T tokens are more than the model was trained on, so its base grows
    stretch = factor * T / trained - (factor - 1)
    rope = {"rope_type": "dynamic", "factor": factor, "rope_theta": 300.0}
    theirs = scrambled(LlamaForCausalLM(llama_config(length=trained, rope_parameters=rope)))
    ours = Positions(base=300.0, scaling="ntk", factor=stretch)
    assert_same_logits(carrying.llama(theirs, ours, context_length=T), theirs)


@pytest.mark.parametrize("head_size", [4, 64, 128])
@pytest.mark.parametrize("base", [300.0, 10_000.0, 500_000.0])
@pytest.mark.parametrize("trained", [6, 64, 2048, 4096, 40_000])
@pytest.mark.parametrize("factor", [1.0, 4.0, 32.0])
def test_speeds_of_yarn(head_size, base, trained, factor):
    rope = {"rope_type": "yarn", "factor": factor, "rope_theta": base}
    rope["original_max_position_embeddings"] = trained
    config = llama_config(head_dim=head_size, length=int(trained * factor), rope_parameters=rope)
    theirs, their_scale = ROPE_INIT_FUNCTIONS["yarn"](config)
    ours = Positions(base=base, scaling="yarn", factor=factor, trained_length=trained)
    speeds, scale = stretched(ours, head_size)
    assert_close(speeds, theirs, rtol=1e-5, atol=0)
    assert math.isclose(scale, their_scale, rel_tol=1e-12)


@pytest.mark.parametrize("length", [512, 700, 4096])
def test_speeds_of_dynamic_ntk(length):
    rope = {"rope_type": "dynamic", "factor": 3.0, "rope_theta": 300.0}
    config = llama_config(head_dim=64, length=512, rope_parameters=rope)
    theirs, _ = ROPE_INIT_FUNCTIONS["dynamic"](config, seq_len=length)
    ours = Positions(base=300.0, scaling="ntk", factor=3 * length / 512 - 2)
    assert_close(stretched(ours, 64)[0], theirs, rtol=1e-5, atol=0)


def test_qwen3_with_norms_of_queries_and_keys():
    theirs = scrambled(Qwen3ForCausalLM(llama_config(Qwen3Config, rms_norm_eps=0.1)))
    assert_same_logits(carrying.llama(theirs, Positions()), theirs)


@pytest.mark.parametrize("heads", [4, 8])
def test_mpt_with_alibi(heads):
    sizes = {"d_model": 32, "n_layers": L, "n_heads": heads, "max_seq_len": C, "vocab_size": V}
    theirs = scrambled(MptForCausalLM(MptConfig(layer_norm_epsilon=1e-3, **sizes)))
    assert_same_logits(carrying.mpt(theirs), theirs)


@pytest.mark.parametrize("heads", [4, 6])
def test_bloom_with_alibi_of_any_number_of_heads(heads):
    sizes = {"hidden_size": D, "n_layer": L, "n_head": heads, "vocab_size": V}
    theirs = scrambled(BloomForCausalLM(BloomConfig(layer_norm_epsilon=1e-3, **sizes, **ENDS)))
    assert_same_logits(carrying.bloom(theirs, C), theirs)


@pytest.mark.parametrize("heads", [1, 2, 3, 5, 6, 7, 8, 12, 16, 20, 31, 32, 33])
def test_slopes_of_alibi(heads):
    ours = alibi_bias(alibi_slopes(heads), torch.arange(T), torch.arange(T))  # (H, T, T)
    theirs = build_alibi_tensor(
        torch.ones(1, T), heads, torch.float32
    )  # (H, 1, T), up to a number for each query
    past = torch.ones(T, T, dtype=torch.bool).tril()
    difference = (ours - theirs).where(past, torch.nan)  # (H, T, T)
    for t in range(T):
        assert_close(difference[:, t, : t + 1], difference[:, t, :1].expand(heads, t + 1), rtol=0, atol=1e-5)


def bert_model(eps):
    sizes = {"hidden_size": D, "intermediate_size": F, "num_hidden_layers": L, "num_attention_heads": H}
    config = BertConfig(
        vocab_size=V,
        max_position_embeddings=C,
        type_vocab_size=4,
        layer_norm_eps=eps,
        pad_token_id=0,
        **sizes,
    )
    return scrambled(BertForMaskedLM(config))


@pytest.mark.parametrize("eps", [1e-12, 0.1])
def test_bert(eps):
    theirs = bert_model(eps)
    assert_same_logits(carrying.bert(theirs), theirs)


def test_bert_with_types_and_padding():
    theirs = bert_model(1e-12)
    ids, types, lengths = some_ids(), some_ids(vocab_size=4, seed=5), torch.tensor([11, 1, 7, 10, 3])
    real = torch.arange(T) < lengths[:, None]  # (B, T)
    with torch.no_grad():
        ours = carrying.bert(theirs)(ids, padding_mask(lengths, T), types)
        logits = theirs(ids, attention_mask=real.long(), token_type_ids=types).logits
        without = theirs(ids, token_type_ids=types).logits
    assert_close(ours[real], logits[real], atol=1e-5, rtol=1e-5)
    assert (without[real] - logits[real]).abs().max() > 0.1, "the padding would be seen"


def test_a_foreign_weight_without_a_place_is_noticed():
    theirs = scrambled(LlamaForCausalLM(llama_config()))
    theirs.model.layers[1].mlp.register_parameter("extra", torch.nn.Parameter(torch.ones(2)))
    with pytest.raises(AssertionError, match=r"extra fits 0 rules"):
        carrying.llama(theirs, Positions())
