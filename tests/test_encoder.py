"""The encoder: every place sees the whole text, and what pads a row sees nobody."""

import math

import pytest
import torch
import torch.nn.functional as F
from tiny import SCHEMES, B, C, D, OneDevice, T, V, scrambled, some_ids, tiny
from torch.testing import assert_close

from llmlite.model.attention import causal_mask, padding_mask
from llmlite.model.encoder import Encoder, MaskedLM
from llmlite.model.gpt import GPT
from llmlite.model.positions import Positions
from llmlite.runtime import set_seed
from llmlite.training.losses import next_token_loss

pytestmark = pytest.mark.usefixtures("one_thread")
LEARNED = Positions(kind="learned")
BERT = {"norm": "layer", "post_norm": True, "activation": "gelu", "bias": True, "positions": LEARNED}
every_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)


def encoder(n_types=0, **changes):
    """Return a tiny encoder with values of its own everywhere."""
    return scrambled(Encoder(tiny(**changes), n_types))


@every_scheme
def test_an_encoder_with_a_causal_mask_is_a_gpt(scheme):
    gpt = scrambled(GPT(tiny(positions=scheme)))
    ours = Encoder(gpt.config)
    ours.load_state_dict(gpt.state_dict())
    vectors = ours(some_ids(), causal_mask(T))
    assert vectors.shape == (B, T, D)
    assert_close(F.linear(vectors, gpt.embeddings.token.weight), gpt(some_ids()))


@every_scheme
@pytest.mark.parametrize("post_norm", [False, True])
def test_every_token_moves_every_vector(scheme, post_norm):
    model, ids = encoder(positions=scheme, post_norm=post_norm), some_ids(1)
    with torch.no_grad():
        before = model(ids)
        for t in range(T):
            other = ids.clone()
            other[0, t] = (other[0, t] + 1) % V
            assert ((model(other) - before).abs().amax(dim=-1) > 1e-5).all()


@every_scheme
def test_padding_leaves_the_vectors_of_real_tokens(scheme):
    model, ids, lengths = encoder(positions=scheme), some_ids(), [11, 2, 7, 1, 9]
    with torch.no_grad():
        together = model(ids, padding_mask(torch.tensor(lengths), T))
        for row, length in enumerate(lengths):
            alone = model(ids[row : row + 1, :length])[0]
            assert_close(together[row, :length], alone, atol=1e-5, rtol=1e-5)
        assert (model(ids)[1, :2] - together[1, :2]).abs().max() > 0.01, "the mask is needed"


@pytest.mark.parametrize("post_norm", [False, True])
def test_where_the_norms_stand(post_norm):
    model, ids = encoder(n_types=4, norm="layer", bias=True, norm_eps=0.2, post_norm=post_norm), some_ids()
    types = some_ids(vocab_size=4, seed=4)
    x = model.embeddings.token.weight[ids] + model.types.weight[types]
    norm = torch.nn.LayerNorm(D, 0.2)
    norm.load_state_dict((model.embedding_norm if post_norm else model.norm).state_dict())
    wanted = model.stack(norm(x)) if post_norm else norm(model.stack(x))
    assert_close(model(ids, types=types), wanted)
    assert not list((model.norm if post_norm else model.embedding_norm).parameters())


def test_types_of_text():
    model, ids, zeros = encoder(n_types=4), some_ids(), torch.zeros(B, T, dtype=torch.long)
    assert_close(model(ids), model(ids, types=zeros))
    assert (model(ids) - model(ids, types=zeros + 1)).abs().max() > 0.1
    assert encoder().types is None
    with pytest.raises(ValueError, match="n_types=0"):
        encoder()(ids, types=zeros)


@pytest.mark.parametrize("changes", [{}, BERT])
def test_masked_lm_by_hand(changes):
    model, ids = scrambled(MaskedLM(encoder(**changes))), some_ids()
    hidden = F.gelu(model.encoder(ids) @ model.dense.weight.T + model.dense.bias)
    logits = model.norm(hidden) @ model.encoder.embeddings.token.weight.T + model.bias
    assert logits.shape == (B, T, V)
    assert_close(model(ids), logits)
    mask = padding_mask(torch.tensor([11, 2, 7, 1, 9]), T)
    assert_close(model(ids, mask)[3, :1], model(ids[3:4, :1])[0], atol=1e-5, rtol=1e-5)


def test_masked_lm_gives_types_and_has_norms_as_configured():
    model = scrambled(MaskedLM(encoder(n_types=4, **BERT, norm_eps=0.2)))
    ids, types = some_ids(), some_ids(vocab_size=4, seed=4)
    assert (model(ids, None, types) - model(ids)).abs().max() > 0.1
    assert model.norm.eps == 0.2
    assert model.norm.bias is not None


@pytest.mark.parametrize("changes", [{}, BERT])
def test_the_first_loss_is_that_of_a_guess(changes):
    set_seed(5)
    model = MaskedLM(Encoder(tiny(**changes), n_types=2))
    with torch.no_grad():
        logits = model(some_ids(B, C))
    assert abs(next_token_loss(logits, some_ids(B, C, seed=2)) - math.log(V)) < 0.05
    assert_close(model.dense.weight.std().item(), D**-0.5, rtol=0.05, atol=0)
    assert_close(model.encoder.types.weight.std().item(), 0.02, rtol=0.25, atol=0)
    out = model.encoder.stack.blocks[0].attention.out.weight
    assert_close(out.std().item(), D**-0.5 / 2, rtol=0.05, atol=0)
    assert not model.dense.bias.any()
    assert not model.bias.any()


@every_scheme
def test_nothing_is_left_on_another_device(scheme):
    model, ids = MaskedLM(Encoder(tiny(positions=scheme), n_types=2)).to("meta"), some_ids().to("meta")
    mask = padding_mask(torch.tensor([11, 2, 7, 1, 9]), T).to("meta")
    with OneDevice():
        assert model(ids, mask).shape == model(ids, mask, torch.zeros_like(ids)).shape == (B, T, V)


def test_rows_that_an_encoder_cannot_read():
    with pytest.raises(ValueError, match=r"ids of shape \(11,\)"):
        encoder()(some_ids()[0])
    with pytest.raises(ValueError, match=f"{C + 1} tokens do not fit into context_length={C}"):
        encoder()(some_ids(1, C + 1))
    with pytest.raises(ValueError, match=r"ids of torch\.float32"):
        MaskedLM(encoder())(some_ids().float())
