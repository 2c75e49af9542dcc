"""GPT-2's tokenizer equals that of tiktoken, on strings made to be hard, and its published vocabulary."""

import json
import random
import unicodedata
from functools import cache

import pytest
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers

from llmlite import storage
from llmlite.text.bpe import BYTES, BPETokenizer, byte_alphabet, encode_word, split
from llmlite.text.gpt2 import END_OF_TEXT, gpt2
from llmlite.world import Town

BLANKS = [
    *" \n\t\v\f\x1c\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\u200b\ufeff",
    *("  ", "\n\n", "\r\n", "   \n", " " * 17),
]
CONTRACTIONS = [
    *("'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'lL", "'D", "\u2019s"),
    *("'", "''", "'x", " 's", "I'll", "don't", "DON'T", "y'all'd've"),
]
EMOJI = [
    "👩\u200d👩\u200d👧\u200d👦",
    "👍🏽",
    "🏳\ufe0f\u200d🌈",
    "🇫🇷",
    "🇫",
    "1\ufe0f\u20e3",
    "😀",
    "❤\ufe0f",
    "\u200d",
    "🧑🏿\u200d🚀",
]
LETTERS = [
    *(
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "áàâäãåæçéèêëñöøœßþðƏ",
        "ǅǈʰˠªºⅣⅷ〇",
        "ქართული",
    ),
    *("абвгдежзийклмнопрстуфхцчшщъыьэюя", "αβγδεζηθικλμνξοπρστυφχψω", "𝒜𝓑𝔠𐐀𐐨𠀀𪚥", "안녕하세요한국어"),
    *("今日は良い天気ですね仮名交じり文カタカナ", "中文没有空格因此很难分词", "नमस्तेदुनिया", "สวัสดีชาวโลก"),
    *("السلامعليكمكتابقلم", "שלוםעולם"),
]
DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "²³¹¼½¾", "①②③㊿", "𝟘𝟙𝟚"]
MARKS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»…–—。、！？€£¥§©®™°±×÷∑√∞≠'
COMBINING = "\u0300\u0301\u0308\u0327\u0489\u064b\u0651\u093c\u094d\u20dd\ufe0f\U000e0100"
SPECIAL = [END_OF_TEXT, "<|", "|>", "<|endoftext", "<|im_start|>", "endoftext|>"]


WORDS = Town().vocabulary()
PLANES = [
    (0, 0x80),
    (0x80, 0x800),
    (0x800, 0xD800),
    (0xE000, 0x10000),
    (0x10000, 0x20000),
    (0x20000, 0x110000),
]


def fragment(draw):
    """Return a short text of one kind."""
    n = draw.randint(1, 8)
    kinds = (
        lambda: "".join(draw.choices(draw.choice(LETTERS), k=n)),
        lambda: " " + "".join(draw.choices(draw.choice(LETTERS), k=n)),
        lambda: " ".join(draw.choices(WORDS, k=n)),
        lambda: "".join(draw.choices(draw.choice(DIGITS), k=n)),
        lambda: "".join(draw.choices(MARKS, k=n)),
        lambda: draw.choice(CONTRACTIONS),
        lambda: "".join(draw.choices(BLANKS, k=draw.randint(1, 4))),
        lambda: draw.choice(" \n\t\xa0") * draw.randint(1, 40),
        lambda: "".join(draw.choices(EMOJI, k=draw.randint(1, 3))),
        lambda: draw.choice("aeiouñकا") + "".join(draw.choices(COMBINING, k=n)),
        lambda: "".join(map(chr, draw.choices([*range(32), *range(0x7F, 0xA0)], k=n))),
        lambda: draw.randbytes(3 * n).decode(errors="replace"),
        lambda: draw.randbytes(2 * n).decode("latin-1"),
        lambda: "".join(chr(draw.randrange(*draw.choice(PLANES))) for _ in range(n)),
        lambda: draw.choice(SPECIAL),
    )
    return draw.choice(kinds)()


def known(text):
    """Tell whether every character is as old as Python's own tables, so that all libraries know it."""
    return all(unicodedata.category(character) != "Cn" for character in text)


@pytest.fixture(scope="module")
def strings():
    """Return 10,000 different strings."""
    draw, made = random.Random(2026), set()
    while len(made) < 10_000:
        made.add("".join(fragment(draw) for _ in range(draw.randint(1, 8))))
    return sorted(made)


@pytest.fixture(scope="module")
def ours():
    return gpt2()


@pytest.fixture(scope="module")
def theirs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(storage.tiktoken_cache()))
        patch.delitem(tiktoken.registry.ENCODINGS, "gpt2", raising=False)
        return tiktoken.get_encoding("gpt2")


@pytest.fixture(scope="module")
def taught(ours):
    """Return the encoder that the book teaches, with a memory for the pieces that it has seen."""

    @cache
    def piece_ids(piece):
        return encode_word(piece.encode(), ours.ranks)

    return lambda text: [i for piece in split(text, ours.pattern) for i in piece_ids(piece)]


def test_published_ids(ours):
    assert ours.encode("Hello, world!") == [15496, 11, 995, 0]
    assert ours.vocab_size == 50_257 and len(ours.merges) == 50_000
    assert ours.special == {END_OF_TEXT: 50_256}
    assert ours.encode(END_OF_TEXT, allowed_special="all") == [50_256]
    assert ours.merges[:3] == [(b" ", b"t"), (b" ", b"a"), (b"h", b"e")]
    assert ours.merges[-1] == (b" g", b"azed") and ours.token(50_255) == b" gazed"


def test_every_token_has_its_published_id(ours):
    encoder = json.loads(storage.fetch(*storage.GPT2_ENCODER).read_text(encoding="utf-8"))
    spelled = byte_alphabet()
    found = {"".join(spelled[byte] for byte in token): i for token, i in ours.ranks.items()}
    assert found | ours.special == encoder and len(encoder) == 50_257
    assert [encoder[spelled[byte]] for (byte,) in BYTES] == list(range(256))


def test_ten_thousand_strings_are_encoded_as_by_tiktoken(ours, theirs, strings):
    assert len(strings) == 10_000
    for text in strings:
        ids = ours.encode(text)
        assert ids == theirs.encode(text, disallowed_special=()), ascii(text)
        assert ours.decode(ids) == text
        allowed = ours.encode(text, allowed_special="all")
        assert allowed == theirs.encode(text, allowed_special="all"), ascii(text)


def test_the_taught_encoder_is_tiktokens(taught, theirs, strings):
    common = list(filter(known, strings))
    assert len(common) > 7_000
    for text in common:
        assert taught(text) == theirs.encode_ordinary(text), ascii(text)


def test_bytes_are_decoded_as_by_tiktoken(ours, theirs):
    draw = random.Random(3)
    for _ in range(500):
        ids = draw.choices(range(50_257), k=draw.randint(0, 9)) + draw.choices(
            range(256), k=draw.randint(0, 9)
        )
        assert ours.decode_bytes(ids) == theirs.decode_bytes(ids)
        assert ours.decode(ids) == theirs.decode(ids)


def test_tokenizers_gives_the_same_ids(ours, strings):
    path = storage.fetch(*storage.GPT2_ENCODER)
    model = models.BPE.from_file(str(path), str(storage.fetch(*storage.GPT2_MERGES)))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    for text in list(filter(known, strings))[:2000]:
        assert tokenizer.encode(text).ids == ours.encode(text), ascii(text)


def test_a_file_gives_it_back(ours, tmp_path):
    loaded = BPETokenizer.load(ours.save(tmp_path / "gpt2.json"))
    assert loaded.merges == ours.merges and loaded.tokens == ours.tokens
