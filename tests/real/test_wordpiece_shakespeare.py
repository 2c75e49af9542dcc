"""WordPiece and Unigram on Tiny Shakespeare, where it lies in LLMLITE_DATA: equal to tokenizers."""

import os
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from llmlite import storage
from llmlite.text.bpe import BPETokenizer
from llmlite.text.corpus import shakespeare
from llmlite.text.tokenizer import load
from llmlite.text.unigram import UnigramTokenizer
from llmlite.text.wordpiece import WordPieceTokenizer, bert_words

NAME, _, CHECKSUM = storage.SHAKESPEARE
SIZE = 1024


def found():
    """Tell whether the file is there, without asking the network."""
    folders = [folder for folder in (os.environ.get("LLMLITE_DATA"), storage.home()) if folder]
    return any((Path(folder) / NAME).is_file() for folder in folders)


pytestmark = pytest.mark.skipif(
    not found(), reason=f"{NAME} is not there: put it into a folder and name that folder in LLMLITE_DATA"
)


@pytest.fixture(scope="module")
def plays():
    return shakespeare()


@pytest.fixture(scope="module")
def held_out(plays):
    return plays[1_000_000:]


@pytest.fixture(scope="module")
def wordpiece(plays):
    return WordPieceTokenizer.train([plays[:1_000_000]], SIZE)


@pytest.fixture(scope="module")
def unigram(plays):
    # Half a minute here.
    return UnigramTokenizer.train([plays[:1_000_000]], SIZE)


@pytest.mark.parametrize("lowercase", [False, True])
def test_wordpiece_encodes_it_as_tokenizers_does(wordpiece, plays, lowercase):
    ours = WordPieceTokenizer(wordpiece.vocabulary, lowercase=lowercase)
    ids = {token: i for i, token in enumerate(ours.vocabulary)}
    theirs = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    theirs.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    theirs.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    theirs.decoder = decoders.WordPiece(cleanup=False)
    found = ours.encode(plays)
    assert found == theirs.encode(plays).ids
    assert ours.decode(found) == theirs.decode(found, skip_special_tokens=False)
    if not lowercase:  # no word of it is unknown then
        assert ours.decode(found) == " ".join(bert_words(plays)) and 0 not in found


def test_unigram_encodes_it_as_tokenizers_does(unigram, plays):
    log_probs = unigram.log_probs
    low = min(log_probs.values())
    vocabulary = [(f"<0x{byte:02X}>", low) for byte in range(256)] + [*log_probs.items(), ("<unk>", low)]
    theirs = Tokenizer(models.Unigram(vocabulary, unk_id=len(vocabulary) - 1, byte_fallback=True))
    theirs.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=True)
    ids = unigram.encode(plays)
    assert ids == theirs.encode(plays).ids
    assert unigram.decode(ids) == plays


def test_lengths(wordpiece, unigram, plays, held_out):
    assert wordpiece.vocab_size == unigram.vocab_size == SIZE
    bpe = BPETokenizer.train([plays[:1_000_000]], SIZE)
    lengths = [len(tokenizer.encode(held_out)) for tokenizer in (bpe, wordpiece, unigram)]
    # Characters in a token, 115,394 in all. WordPiece writes no spaces and ends of lines, and has no bytes.
    assert [len(held_out) / n for n in lengths] == pytest.approx([2.259, 2.387, 2.373], abs=0.005)


def test_rare_pairs_make_longer_encodings(wordpiece, plays, held_out):
    greedy = WordPieceTokenizer.train([plays[:1_000_000]], SIZE, min_count=1)
    assert len(greedy.encode(held_out)) > 1.6 * len(wordpiece.encode(held_out))


def test_files_come_back(wordpiece, unigram, held_out, tmp_path):
    for tokenizer in (wordpiece, unigram):
        again = load(tokenizer.save(tmp_path / "tokenizer.json"))
        assert again.encode(held_out) == tokenizer.encode(held_out)
