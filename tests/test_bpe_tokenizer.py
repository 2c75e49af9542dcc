"""The byte pair tokenizer: any text comes back, special tokens stay out unless allowed, files are checked."""

import copy
import json
import pickle
import random
import string
import time
from typing import Any

import numpy as np
import pytest
import tiktoken
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import settings

from llmlite.text.bpe import BYTES, GPT2_PATTERN, BPETokenizer, encode_word, parse_merges, split
from llmlite.text.tokenizer import TokenizerError, load, write_file
from llmlite.text.unigram import UnigramTokenizer
from llmlite.world import Town

END = "<|endoftext|>"
TOWN = Town().stories(100, seed=7)
TOKENIZER = BPETokenizer.train(TOWN, 400, [END, "<|user|>", "<|user|>:"])
MERGES = [(b"a", b"b"), (b"ab", b"a"), (b"\xc3", b"\xa9")]


def same(one, other):
    """Tell whether two tokenizers have the same attributes, all of them."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("merges", "pattern", "ranks", "special", "tokens", "vocab_size")
    )


class TestVocabulary:
    def test_ids_are_bytes_then_merges_then_special_tokens(self):
        tokenizer = BPETokenizer(MERGES, [END, "é"])
        assert tokenizer.vocab_size == 256 + 3 + 2
        assert tokenizer.tokens == [*BYTES, b"ab", b"aba", b"\xc3\xa9", END.encode(), b"\xc3\xa9"]
        assert [tokenizer.token(i) for i in range(261)] == tokenizer.tokens
        assert tokenizer.ranks == {token: i for i, token in enumerate(tokenizer.tokens[:259])}
        assert tokenizer.special == {END: 259, "é": 260}
        assert tokenizer.merges == MERGES and tokenizer.pattern == GPT2_PATTERN

    def test_merges_may_come_from_an_iterator(self):
        assert same(BPETokenizer(iter(MERGES)), BPETokenizer(MERGES))

    def test_training_counts_bytes_and_special_tokens(self):
        assert TOKENIZER.vocab_size == 400 and len(TOKENIZER.merges) == 400 - 256 - 3
        assert TOKENIZER.special == {END: 397, "<|user|>": 398, "<|user|>:": 399}
        assert BPETokenizer.train(TOWN, 256).merges == []
        assert BPETokenizer.train(TOWN, 258, [END]).vocab_size == 258

    def test_there_are_fewer_where_no_pair_is_left(self):
        tokenizer = BPETokenizer.train(["abab"], 1000, [END])
        assert tokenizer.merges == [(b"a", b"b"), (b"ab", b"ab")] and tokenizer.vocab_size == 259
        assert tokenizer.special == {END: 258}

    def test_merges_do_not_cross_texts_or_pieces(self):
        assert BPETokenizer.train(["ab", "cd", "x y"], 1000).merges == [
            (b"a", b"b"),
            (b"c", b"d"),
            (b" ", b"y"),
        ]
        letters = BPETokenizer.train(iter(["ab ab"]), 1000, pattern=r"[\s\S]")
        assert letters.merges == [] and letters.pattern == r"[\s\S]"
        whole = BPETokenizer.train(["ab ab"], 1000, pattern=r"[\s\S]+")
        assert whole.tokens[-1] == b"ab ab" and whole.encode("ab ab") == [whole.vocab_size - 1]

    @pytest.mark.parametrize(
        ("size", "special", "message"),
        [(255, [], "vocab_size=255 has no place for 256 bytes and 0 special tokens: make it 256"),
         (257, ["a", "b"], "vocab_size=257 has no place for 256 bytes and 2 special tokens: make it 258"),
         (-1, [], "vocab_size=-1 has no place for 256 bytes and 0 special tokens: make it 256")],
    )  # fmt: skip
    def test_a_vocabulary_smaller_than_the_bytes(self, size, special, message):
        with pytest.raises(TokenizerError) as error:
            BPETokenizer.train(TOWN, size, special)
        assert str(error.value) == message

    def test_one_text_is_no_list_of_texts(self):
        with pytest.raises(TokenizerError, match=r"'abc abc'\.\.\. is one text: put texts into a list"):
            BPETokenizer.train("abc abc", 300)

    def test_a_text_with_half_a_surrogate_pair(self):
        with pytest.raises(TokenizerError, match=r"'\\ud800' \(position 2\) is half"):
            BPETokenizer.train(["fine", "no\ud800"], 300)

    @pytest.mark.parametrize(
        ("merges", "message"),
        [([(b"a", b"bc")], r"merge 0 needs b'bc', which no merge before it makes: add one"),
         ([(b"a", b"b"), (b"x", b"ab"), (b"cd", b"a"), (b"c", b"d")], r"merge 2 needs b'cd'"),
         ([(b"ab", b"c"), (b"a", b"b")], r"merge 0 needs b'ab'"),
         ([(b"a", b"")], r"merge 0 needs b''"),
         ([(b"a", b"b"), (b"a", b"b")], r"merge 1 makes b'ab', which is a token already: leave it out"),
         ([(b"a", b"b"), (b"ab", b"c"), (b"b", b"c"), (b"a", b"bc")], r"merge 3 makes b'abc', which is a"),
         ([(b"\xc3\xa9", b"a")], r"merge 0 needs b'\\xc3\\xa9'")],
    )  # fmt: skip
    def test_merges_that_cannot_be(self, merges, message):
        with pytest.raises(TokenizerError, match=f"^{message}"):
            BPETokenizer(merges)

    @pytest.mark.parametrize(
        ("special", "message"),
        [([""], "special token '' is empty, or given"), (["<a>", "b", "<a>"], "special token '<a>' is"),
         (["a\udc00"], r"'\\udc00' \(position 1\) is half of a surrogate pair")],
    )  # fmt: skip
    def test_special_tokens_that_cannot_be(self, special, message):
        for make in (lambda: BPETokenizer([], special), lambda: BPETokenizer.train(TOWN, 999, special)):
            with pytest.raises(TokenizerError, match=message):
                make()

    @pytest.mark.parametrize(
        ("pattern", "message"),
        [("(", r"'\(' is no regular expression"), (r"\w+", r"pattern '\\\\w\+' leaves some text out")],
    )  # fmt: skip
    def test_patterns_that_cannot_be(self, pattern, message):
        with pytest.raises(TokenizerError, match=message):
            BPETokenizer([], pattern=pattern)


class TestEncoding:
    @settings(max_examples=300)
    @given(st.text())
    def test_every_text_comes_back(self, text):
        ids = TOKENIZER.encode(text)
        assert TOKENIZER.decode(ids) == text
        assert b"".join(map(TOKENIZER.token, ids)) == TOKENIZER.decode_bytes(ids) == text.encode()
        assert all(type(i) is int and 0 <= i < 397 for i in ids)

    @settings(max_examples=200)
    @given(st.lists(st.one_of(st.text(), st.sampled_from([END, "<|user|>", "<|user|>:", "<|", ":"]))))
    def test_every_text_with_special_tokens_comes_back(self, parts):
        text = "".join(parts)
        for allowed in ((), "all", {END}, ["<|user|>"]):
            assert TOKENIZER.decode(TOKENIZER.encode(text, allowed_special=allowed)) == text
        assert max(TOKENIZER.encode(text), default=0) < 397

    def test_pieces_are_encoded_one_by_one(self):
        # "Hello," is two pieces, and two spaces are one piece and the beginning of the next.
        tokenizer = BPETokenizer.train(["Hello, Hello, a  b a  b"] * 2, 1000)
        tokens = [tokenizer.token(i) for i in tokenizer.encode("Hello,  b")]
        assert tokens == [b"Hello", b",", b" ", b" b"]

    def test_documents_one_after_another(self):
        ids = [i for text in TOWN[:5] for i in [*TOKENIZER.encode(text), TOKENIZER.special[END]]]
        whole = TOKENIZER.encode("".join(text + END for text in TOWN[:5]), allowed_special={END})
        assert ids == whole
        assert TOKENIZER.decode(ids).split(END) == [*TOWN[:5], ""]

    def test_it_is_the_taught_encoder(self):
        for text in Town().stories(20, seed=8):
            pieces = split(text, TOKENIZER.pattern)
            taught = [i for piece in pieces for i in encode_word(piece.encode(), TOKENIZER.ranks)]
            assert taught == TOKENIZER.encode(text)
            assert len(taught) < len(text) / 1.5

    @pytest.mark.parametrize("text", ["a\ud800", "\udfff", f"{END}\ud83d"])
    def test_half_a_surrogate_pair(self, text):
        for allowed in ((), "all"):
            with pytest.raises(TokenizerError, match=rf"\(position {len(text) - 1}\) is half of a surrogate"):
                TOKENIZER.encode(text, allowed_special=allowed)

    @pytest.mark.parametrize("i", [-1, 400, 10**20, 1.0, True, None, "a", np.float32(1), torch.tensor(1.5)])
    def test_an_unknown_id(self, i):
        for decode in (TOKENIZER.decode, TOKENIZER.decode_bytes, lambda ids: TOKENIZER.token(ids[-1])):
            with pytest.raises(TokenizerError) as error:
                decode([65, i])
            assert str(error.value) == f"{i!r} is no id of this tokenizer: its ids are 0 to 399"

    def test_ids_may_be_a_tensor_or_an_array(self):
        ids = TOKENIZER.encode("Mina met a goose.")
        for given_ids in (tuple(ids), iter(ids), torch.tensor(ids), np.array(ids)):
            assert TOKENIZER.decode(given_ids) == "Mina met a goose."

    def test_bytes_that_are_no_utf8(self):
        euro = [BYTES.index(bytes([byte])) for byte in "€".encode()]
        assert TOKENIZER.decode(euro) == "€"
        assert TOKENIZER.decode([*euro[:2], 0]) == "\ufffd!"
        assert TOKENIZER.decode_bytes(euro[:2]) == b"\xe2\x82"
        assert TOKENIZER.decode([]) == "" and TOKENIZER.decode_bytes([]) == b""


class TestSpecialTokens:
    TEXT = f"a{END}<|user|>: b<|user|>{END}"

    def ids(self, allowed):
        return [TOKENIZER.token(i).decode() if i >= 397 else i for i in self.encode(allowed) if i >= 397]

    def encode(self, allowed):
        return TOKENIZER.encode(self.TEXT, allowed_special=allowed)

    def test_they_never_come_out_of_ordinary_text(self):
        assert self.ids(()) == self.ids([]) == self.ids(set()) == []
        assert TOKENIZER.encode(END) == [i for p in ("<|", "endoftext", "|>") for i in TOKENIZER.encode(p)]

    def test_only_the_allowed_ones_come_out(self):
        assert self.ids({END}) == self.ids((END,)) == self.ids(END) == [END, END]
        assert self.ids({"<|user|>"}) == ["<|user|>", "<|user|>"]
        assert self.ids({"<|user|>:"}) == ["<|user|>:"]

    def test_where_two_begin_the_longer_is_found(self):
        assert self.ids("all") == self.ids(list(TOKENIZER.special)) == [END, "<|user|>:", "<|user|>", END]
        swapped = BPETokenizer([], ["<|user|>:", "<|user|>"])
        assert swapped.encode("<|user|>:", allowed_special="all") == [256]

    def test_no_special_tokens(self):
        plain = BPETokenizer(MERGES)
        assert plain.encode(END, allowed_special="all") == plain.encode(END)

    def test_marks_of_regular_expressions_mean_themselves(self):
        tokenizer = BPETokenizer([], [".*", "[a]", "a|b", "\\", "^", "$", "("])
        for token, i in tokenizer.special.items():
            assert tokenizer.encode(token, allowed_special="all") == [i]
            assert tokenizer.encode(f"b{token}", allowed_special=[token])[-1] == i
        assert max(tokenizer.encode("abab", allowed_special="all")) < 256

    def test_the_text_between_is_split_as_if_it_stood_alone(self):
        ids = TOKENIZER.encode(f"a {END} b", allowed_special={END})
        assert ids == [*TOKENIZER.encode("a "), 397, *TOKENIZER.encode(" b")]

    @pytest.mark.parametrize("allowed", [{"<|x|>"}, ["<|x|>", END], "<|x|>"])
    def test_an_unknown_one(self, allowed):
        message = r"^'<\|x\|>' is no special token here: '<\|endoftext\|>', '<\|user\|>', '<\|user\|>:'$"
        with pytest.raises(TokenizerError, match=message):
            TOKENIZER.encode("a", allowed_special=allowed)
        with pytest.raises(TokenizerError, match=r"^'<\|x\|>' is no special token here: it has none$"):
            BPETokenizer([]).encode("a", allowed_special=["<|x|>"])

    @settings(max_examples=150)
    @given(st.text(st.sampled_from("<|ab>\n")), st.sets(st.sampled_from(["<|a|>", "|b", "\n"])))
    def test_it_is_tiktokens_where_none_begins_another(self, text, allowed):
        ours = BPETokenizer(MERGES, ["<|a|>", "|b", "\n"])
        theirs = tiktoken.Encoding(
            "same", pat_str=GPT2_PATTERN, mergeable_ranks=ours.ranks, special_tokens=ours.special
        )
        expected = theirs.encode(text, allowed_special=allowed, disallowed_special=())
        assert ours.encode(text, allowed_special=allowed) == expected


class TestLongRuns:
    # Seen: under a second each. Where a million blanks stand in a row, tiktoken's own split breaks down.
    @pytest.mark.parametrize(
        "text",
        ["x" * 100_000, " " * 100_000, " " * 100_000 + "x", "\n" * 100_000 + "x", "7" * 100_000,
         "é" * 100_000, " " * 1_200_000, "a b" + "\n" * 1_200_000 + "c d", " \t" * 600_000 + "."],
        ids=lambda text: f"{text[0]!r} to {text[-1]!r}, {len(text):,}",
    )  # fmt: skip
    def test_they_are_quick_and_come_back(self, text):
        start = time.process_time()
        ids = TOKENIZER.encode(text)
        assert time.process_time() - start < 20
        assert TOKENIZER.decode(ids) == text

    def test_letters_without_a_break(self):
        text = "".join(random.Random(3).choices(string.ascii_lowercase, k=100_000))
        start = time.process_time()
        assert TOKENIZER.decode(TOKENIZER.encode(text)) == text
        assert time.process_time() - start < 20

    def test_the_pattern_holds_in_them_too(self):
        tokenizer = BPETokenizer.train(["a b  a b"], 999, pattern=r"a b|[\s\S]")
        text = "a b" + " " * 1_200_000 + "a b"
        assert tokenizer.encode(text) == [257, *[220] * 1_200_000, 257]
        assert tokenizer.tokens[220:221] + tokenizer.tokens[256:] == [b" ", b"a ", b"a b"]

    def test_ids_are_those_of_the_parts(self):
        # The pieces of 900,000 blanks before a word are two, the last blank and the word being the second.
        ids = TOKENIZER.encode("a b" + " " * 900_000 + "c d")
        assert ids[:2] == TOKENIZER.encode("a b") and ids[-2:] == TOKENIZER.encode(" c d")
        longer = TOKENIZER.encode("a b" + " " * 1_900_000 + "c d")
        assert longer[:2] == ids[:2] and longer[-2:] == ids[-2:]
        blanks = {token for token in TOKENIZER.tokens if token.isspace() and b"\n" not in token}
        assert {TOKENIZER.token(i) for i in longer[2:-2]} <= blanks


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "bpe.json"

    @pytest.mark.parametrize(
        "tokenizer",
        [TOKENIZER, BPETokenizer([]), BPETokenizer(MERGES, ["é", '"', " "], r"[\s\S]")],
        ids=["town", "bytes", "pattern"],
    )
    def test_a_file_gives_it_back(self, path, tokenizer):
        assert tokenizer.save(path) == path
        loaded = BPETokenizer.load(str(path))
        assert same(loaded, tokenizer) and same(load(path), tokenizer)
        assert loaded.encode(TOWN[0]) == tokenizer.encode(TOWN[0])
        assert list(path.parent.iterdir()) == [path]

    def test_it_can_be_read_by_people(self, path):
        BPETokenizer.train([" the the"], 1000, [END]).save(path)
        content = json.loads(path.read_text(encoding="utf-8"))["content"]
        assert content == {
            "pattern": GPT2_PATTERN,
            "special_tokens": [END],
            "merges": ["h e", "t he", "Ġ the"],
        }
        assert '  "Ġ the"\n' in path.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [({"merges": ["a b", "abc d"]}, "merge 1 needs b'abc'"), ({"merges": ["a b"] * 2}, "merge 1 makes"),
         ({"merges": ["ab"]}, "'ab' is no merge: write two tokens"), ({"merges": ["a b c"]}, "'a b c' is no"),
         ({"merges": ["a \u20ac"]}, "'a €' is no merge"), ({"merges": ["a "]}, "merge 0 needs b''"),
         ({"special_tokens": ["x", "x"]}, "special token 'x' is"), ({"pattern": "["}, "is no regular expr")],
    )  # fmt: skip
    def test_content_that_cannot_be(self, path, changes, message):
        write_file(path, "bpe", {"merges": [], "special_tokens": [], "pattern": GPT2_PATTERN} | changes)
        for read in (load, BPETokenizer.load):
            with pytest.raises(TokenizerError, match=message):
                read(path)

    def test_one_changed_merge_is_found(self, path):
        text = TOKENIZER.save(path).read_text(encoding="utf-8")
        first = f'"{chr(0x120)} t"'
        assert first in text
        path.write_text(text.replace(first, f'"{chr(0x120)} u"'), encoding="utf-8")
        with pytest.raises(TokenizerError, match="is damaged"):
            BPETokenizer.load(path)

    def test_merges_as_text(self):
        assert parse_merges(iter(["Ġ t", "Ċ Ċ", "Ã ©"])) == [(b" ", b"t"), (b"\n", b"\n"), (b"\xc3", b"\xa9")]
        assert parse_merges([]) == []

    @pytest.mark.parametrize("used", [False, True])
    def test_copies(self, used):
        tokenizer = BPETokenizer(MERGES, [END])
        if used:
            tokenizer.encode("ab")
        for other in (copy.copy(tokenizer), copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
            assert same(other, tokenizer)
            assert other.encode(f"aba{END}", allowed_special="all") == [257, 259]

    def test_the_encoder_is_made_once(self):
        tokenizer = BPETokenizer(MERGES)
        assert tokenizer._encoder is tokenizer._encoder


def test_a_pattern_that_leaves_text_out_is_refused_wherever_the_text_shows_it() -> None:
    tokenizer = BPETokenizer([], pattern=r"[\x00-\uffff]+")  # nothing beyond the first plane
    assert tokenizer.decode(tokenizer.encode("a duck!")) == "a duck!"
    with pytest.raises(TokenizerError, match="leaves some text out"):
        tokenizer.encode("a duck \U0001f986!")


@pytest.mark.parametrize("make", [BPETokenizer, UnigramTokenizer])
def test_special_tokens_may_come_from_a_generator_and_not_as_one_text(make: Any) -> None:
    arguments: Any = [] if make is BPETokenizer else {}
    tokenizer = make(arguments, (name for name in ("<s>", "</s>")))
    assert list(tokenizer.special) == ["<s>", "</s>"]
    assert [tokenizer.decode([i]) for i in tokenizer.special.values()] == ["<s>", "</s>"]
    trained = make.train(["a b a b a b"], tokenizer.vocab_size + 8, (name for name in ("<s>", "</s>")))
    assert list(trained.special) == ["<s>", "</s>"]
    with pytest.raises(TokenizerError, match="'<s>' is one text"):
        make(arguments, "<s>")
