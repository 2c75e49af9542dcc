"""Tokenizers on Tiny Shakespeare, where it lies in LLMLITE_DATA: equal to tokenizers and tiktoken."""

import json
import os
from functools import cache
from pathlib import Path

import pytest
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from llmlite import storage
from llmlite.text.bpe import GPT2_PATTERN, BPETokenizer, encode_word, parse_merges, split
from llmlite.text.corpus import shakespeare
from llmlite.text.tokenizer import CharTokenizer

NAME, _, CHECKSUM = storage.SHAKESPEARE
SIZE = 8192


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
def ours(plays):
    return BPETokenizer.train([plays], SIZE)


@pytest.fixture(scope="module")
def theirs():
    """Return the tokenizer that `tokenizers` trains on the file."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train([str(storage.fetch(*storage.SHAKESPEARE))], trainer)
    return tokenizer


def test_all_7936_merges_are_those_of_tokenizers(ours, theirs):
    merges = parse_merges(map(" ".join, json.loads(theirs.to_str())["model"]["merges"]))
    assert ours.merges == merges and len(merges) == SIZE - 256 == 7936
    assert merges[:3] == [(b" ", b"t"), (b"h", b"e"), (b" ", b"a")]


def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one(ours, plays):
    assert BPETokenizer.train([plays], 1024).merges == ours.merges[:768]


def test_encodings_are_equal(ours, theirs, plays):
    ids = ours.encode(plays)
    assert ids == theirs.encode(plays).ids
    encoding = tiktoken.Encoding("same", pat_str=GPT2_PATTERN, mergeable_ranks=ours.ranks, special_tokens={})
    assert ids == encoding.encode_ordinary(plays)
    taught = cache(lambda piece: encode_word(piece.encode(), ours.ranks))
    assert ids == [i for piece in split(plays) for i in taught(piece)]
    assert ours.decode(ids) == plays
    assert len(plays) / len(ids) > 3.5


def test_characters(plays):
    tokenizer = CharTokenizer.train([plays])
    assert tokenizer.vocab_size == 65 and tokenizer.alphabet[:3] == ["\n", " ", "!"]
    assert tokenizer.decode(tokenizer.encode(plays)) == plays
