"""Chapter 2: what its cells print and its prose concludes, on other seeds; controls that must lose."""

import ast
import math
import random
from collections import Counter
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise

import pytest
from chapter_code import cells

from llmlite.evaluation.metrics import cross_entropy
from llmlite.model.ngrams import NGram
from llmlite.text.bpe import BPETokenizer, encode_word, split, train_bpe
from llmlite.text.corpus import words
from llmlite.text.gpt2 import gpt2
from llmlite.text.tokenizer import load
from llmlite.text.unigram import UnigramTokenizer
from llmlite.text.wordpiece import WordPieceTokenizer
from llmlite.world import Town

CHAPTER = "02_tokenization"
END = "\n"
STOP = "<|endoftext|>"
SIZES = (257, 512, 1024, 1536, 4096)


pytestmark = pytest.mark.usefixtures("one_thread")


def chapter(*wanted, **given):
    """Run what the cells import, and where they define some names; these may use what is given."""
    scope = dict(given)
    for node in (node for source in cells(CHAPTER)[1:] for node in ast.parse(source).body):
        names = {getattr(node, "name", ""), *(getattr(t, "id", "") for t in getattr(node, "targets", []))}
        if isinstance(node, ast.Import | ast.ImportFrom) or names & {*wanted}:
            exec(ast.unparse(node), scope)
    assert {*wanted} <= scope.keys()
    return scope


def nats(model, rows):
    """Return the surprise of a model: nats per row."""
    return cross_entropy([model.log_prob(row) for row in rows], len(rows))


class Reader:
    """6-grams of tokens, on other stories than the chapter's: fewer, but the claims survive it."""

    def __init__(self, town, n, seed):
        self.town, self.stories = town, town.stories(n, seed)
        self.tests = [story.text for story in town.sample(150, seed + 1)]
        self.merges = BPETokenizer.train(self.stories, max(SIZES)).merges
        self.bpe = self.sized(1024)
        self.models, self.losses, self.lengths = {}, {}, {}
        for size in SIZES:
            tokenizer = self.sized(size)
            self.read(tokenizer.vocab_size, tokenizer.encode, tokenizer.vocab_size)
        self.sizes = sorted(self.losses)

    def sized(self, size):
        return BPETokenizer(self.merges[: size - 257], [STOP])  # the first merges are those of fewer

    def read(self, name, encode, vocab_size):
        """Count the 6-grams of tokens; return nats and tokens a story, the end included."""
        model = NGram(6, range(vocab_size)).count(self.rows(encode, self.stories, vocab_size - 1))
        rows = self.rows(encode, self.tests, vocab_size - 1)
        self.models[name], self.losses[name] = model, nats(model, rows)
        self.lengths[name] = sum(map(len, rows)) / len(rows)
        return self.losses[name], self.lengths[name]

    @cached_property
    def unigram(self):
        return UnigramTokenizer.train(self.stories, 1024, [STOP])

    @staticmethod
    def rows(encode, stories, end):
        return [[*encode(story), end] for story in stories]


@pytest.fixture(scope="module")
def large():
    return Reader(Town(7), 3000, seed=31)


@pytest.fixture(scope="module")
def small():
    return Reader(Town(3, size=24), 1500, seed=41)


@pytest.fixture(params=["another town", "a small cast"])
def reader(request):
    return request.getfixturevalue("large" if request.param == "another town" else "small")


@pytest.fixture(scope="module")
def web():
    return gpt2()


def test_ten_thousand_stories_leave_words_unseen():
    town = Town()
    told = [set(words(story)) for story in town.stories(10_000, seed=101)]
    tests = [set(words(story)) for story in town.stories(300, seed=102)]

    def strange(seen):
        return sum(not text <= seen for text in tests)

    assert 3 <= strange(set().union(*told)) <= 24, "five seeds gave 3 to 5 %"
    assert strange(set().union(*told[:1000])) > 2 * strange(set().union(*told)), "more stories help"
    assert strange(set(town.vocabulary())) == 0, "the control: a dictionary knows them all"


def test_losses_fall_as_words_are_dropped_and_rise_if_letters_count(large):
    naive_unknown = chapter("naive_unknown")["naive_unknown"]
    seen = Counter(word for story in large.stories for word in words(story))
    tests = [[*words(story), END] for story in large.tests]
    letters = Counter("".join(word * n for word, n in seen.items()))
    losses, whole = [], []
    for least in (1, 10, 10**9):
        kept = {END} | {word for word, n in seen.items() if n >= least}
        rows = [naive_unknown([*words(story), END], kept) for story in large.stories]
        model = NGram(3, {*kept, "<unk>"}).count(rows)
        losses.append(nats(model, [naive_unknown(text, kept) for text in tests]))
        dropped = "".join(word for text in tests for word in text if word not in kept)
        spelled = -sum(math.log(letters[letter] / letters.total()) for letter in dropped)
        whole.append(losses[-1] + spelled / len(tests))
    assert losses[0] > losses[1] + 2 and losses[2] < losses[0] / 10
    assert whole[2] > 8 * max(whole[:2]), "to the last letter, the useless model loses"


def test_bytes_are_more_than_four_times_as_many_as_words(reader):
    n_bytes = sum(len(story.encode()) for story in reader.tests)
    assert 4 < n_bytes / sum(len(words(story)) for story in reader.tests) < 5


def test_without_borders_tokens_grow_across_words(reader):
    free = train_bpe(Counter(reader.stories[:60]), 244)
    longest = sorted((left + right for left, right in free), key=len)[-9:]
    assert sum(b" " in token[1:-1] for token in longest) >= 6
    assert not any(b" " in token[1:] for token in reader.bpe.tokens[:-1])


def test_the_naive_trainer_makes_the_merges_of_the_fast_one(small):
    given = chapter("naive_pairs", "naive_train", merge=chapter()["merge"])
    many = Counter(piece for story in small.stories for piece in split(story))
    few = Counter(piece for story in small.tests[:4] for piece in split(story))  # most of their pairs tie
    for counts, most in ((many, 500), (few, 10_000)):
        merges = train_bpe(counts, most)
        assert len(merges) > 200 and given["naive_train"](counts, len(merges)) == merges


def test_tokens_of_another_order_shock_the_model_that_has_not_learned_them(reader):
    # Asked in pieces merged from the left, the model loses 1.7 to 2.6 times as much; a model that has
    # learned from such pieces is as good as ours: within 0.3 %.
    naive_encode, ranks = chapter("naive_encode")["naive_encode"], reader.bpe.ranks
    cut = cache(lambda piece: naive_encode(piece.encode(), ranks))
    right = {piece: reader.bpe.encode(piece) for story in reader.stories for piece in split(story)}
    assert all(encode_word(piece.encode(), ranks) == ids for piece, ids in right.items())
    assert 0.05 < sum(cut(piece) != ids for piece, ids in right.items()) / len(right) < 0.25

    def encode(text):
        return [i for piece in split(text) for i in cut(piece)]

    assert all(reader.bpe.decode(encode(story)) == story for story in reader.tests)
    loss = reader.losses[1024]
    assert nats(reader.models[1024], reader.rows(encode, reader.tests, 1023)) > 1.4 * loss
    assert reader.read("from the left", encode, 1024)[0] == pytest.approx(loss, rel=0.02)


def test_the_best_vocabulary_is_in_the_middle(reader):
    # Nats a story: five times with 64 people, 3,000 stories, 512 tokens lose to 1,024 by 6.6 to 7.7, and as
    # many as there are lose by 4.4 to 7.9. With 24 people, 1,500 stories: 5.9 and 5.3.
    losses, most = reader.losses, max(reader.sizes)
    assert losses[257] > losses[512] + 50 and losses[512] > losses[1024] + 4
    assert losses[most] > losses[1024] + 2 and losses[most] > losses[1536] + 2
    assert min(reader.sizes, key=losses.get) in (1024, 1536)
    assert most < 4096, "at some point no pair is left"
    tokens = [losses[size] / reader.lengths[size] for size in reader.sizes]
    assert tokens == sorted(tokens), "per token, the worst looks best"


def test_tokens_of_another_language_lose(reader):
    # Twenty-two times, it is worse by 8.8 to 13.1 nats a story, and takes 1.7 to 1.9 times as many tokens.
    naive_shuffle, dice = chapter("naive_shuffle")["naive_shuffle"], random.Random(5)
    control = BPETokenizer.train([naive_shuffle(story, dice) for story in reader.stories], 1024, [STOP])
    loss, length = reader.read("control", control.encode, 1024)
    assert loss > reader.losses[1024] + 5
    assert length > 1.5 * reader.lengths[1024]


def test_unigram_is_as_good_as_byte_pairs_with_fewer_tokens(reader):
    # Sixteen times with 64 people, 3,000 or 10,000 stories: 0.4 to 1.8 nats better than 1,024 byte pairs;
    # six times with 24 people: 0.9 better to 0.9 worse.
    loss, length = reader.read("unigram", reader.unigram.encode, 1024)
    assert -3 < loss - reader.losses[1024] < 1.5
    assert 0.7 < length / reader.lengths[1024] < 0.85


def test_unigram_finds_the_syllables_of_strangers(large):
    seen = {word for story in large.stories for word in words(story)}
    names = {word for story in large.tests for word in words(story)} - seen
    assert len(names) > 5

    def cut(tokenizer, name):
        return [piece for i in tokenizer.encode(f" {name}") if (piece := tokenizer.decode([i]).strip())]

    syllables = {name: [name[:2], name[2:4], name[4:]] for name in names}
    assert all(cut(large.unigram, name) == syllables[name] for name in names)
    assert sum(cut(large.bpe, name) == syllables[name] for name in names) < len(names) / 5


def test_word_pieces_need_more_tokens_and_rare_pairs_even_more(large):
    lengths = []
    for least in (1, 30, 300):  # of 3,000 stories
        pieces = WordPieceTokenizer.train(large.stories, 1024, min_count=least)
        lengths.append(sum(len(pieces.encode(story)) for story in large.tests) / len(large.tests))
    assert lengths[0] > lengths[1] + 10
    assert min(lengths) > large.lengths[1024]


def test_tokens_without_a_dictionary_beat_words_with_it(large):
    # Eleven times with 10,000 stories: by 1.4 to 3.6 nats a story; six times with 3,000: by 0.5 to 2.0.
    model = NGram(6, large.town.vocabulary()).count([*words(story), END] for story in large.stories)
    loss = nats(model, [[*words(story), END] for story in large.tests])
    assert large.losses[1024] < loss < large.losses[512]


def test_a_space_at_the_end_of_the_prompt_takes_the_names_away(reader):
    given, ratios = chapter("continuation", bpe=reader.bpe, math=math), []
    called, space = reader.bpe.encode(" called ")
    assert not any((called, space) in pairwise(reader.bpe.encode(story)) for story in reader.stories)
    for person in list(reader.town.people.values())[:12]:
        who = person.facts
        prompt = f"In {who['village']} lived {who['a_job']} named {who['name']}."
        prompt += f" {who['They']} had {who['a_pet']} called"
        likely = given["continuation"](reader.models[1024], prompt, f" {who['pet_name']}")
        spaced = given["continuation"](reader.models[1024], prompt + " ", who["pet_name"])
        assert likely > 0.02
        ratios.append(likely / spaced)
    assert min(ratios) > 1e6, "in four towns, a billion times less probable, or more"


def test_about_two_hundred_merges_are_steps_that_nobody_uses(reader):
    used = Counter(i for story in reader.stories for i in reader.bpe.encode(story))
    idle = [i for i in range(256, 1023) if not used[i]]
    assert 190 <= len(idle) <= 230, "seven towns gave 201 to 220"
    parts = {part for pair in reader.bpe.merges for part in pair}
    assert all(reader.bpe.token(i) in parts for i in idle), "longer tokens have swallowed them"
    assert 200 <= sum(not used[i] for i in range(256)) <= 210


def test_pasted_spellings_become_special_and_typed_ones_do_not(small, web):
    chat = BPETokenizer(small.bpe.merges, ["<|user|>", "<|assistant|>", "<|end|>"])
    given = chapter("naive_prompt", "attack", chat=chat)
    names = {number: name.strip("<|>") for name, number in chat.special.items()}
    pasted = [names[i] for i in given["naive_prompt"](given["attack"]) if i in names]
    assert pasted == ["user", "end", "assistant", "end", "user", "end", "assistant"]
    ids = chat.encode(given["attack"])
    assert not names.keys() & set(ids) and chat.decode(ids) == given["attack"]
    typed = "The end.<|endoftext|>In Lower Button"
    for tokenizer, special in ((small.bpe, 1023), (web, 50256)):
        assert special not in tokenizer.encode(typed) and len(STOP) == 13
        ids = tokenizer.encode(typed, allowed_special="all")
        assert ids.count(special) == 1 and tokenizer.decode(ids) == typed


def test_languages_pay_what_the_prose_says(web):
    texts = chapter("texts")["texts"]
    spent = {name: len(web.encode(text)) for name, text in texts.items() if name != "Python"}
    assert len(spent) == 13 and min(spent, key=spent.get) == "English"
    assert all(n > 1.5 * spent["English"] for name, n in spent.items() if name != "English")
    assert 5 < spent["Hindi"] / spent["English"] < 6 and max(spent, key=spent.get) == "Hindi"
    assert (len(split(texts["Hindi"])), len(texts["Hindi"].split())) == (46, 18)
    for name, text in texts.items():
        assert len(split(text)) <= len(web.encode(text)) <= len(text.encode()), name


def test_what_people_notice_in_models(web):
    def cut(text):
        return [web.decode([i]) for i in web.encode(text)]

    greetings = cut("Hello") + cut(" hello") + cut(" HELLO")
    assert len(greetings) == len(set(greetings)) == 4, "no two have a token in common"
    assert [cut("12345"), cut(" 19134")] == [["123", "45"], [" 19", "134"]]
    assert cut("a    b") == ["a", " ", " ", " ", " b"]
    assert cut(" goldfish") == [" gold", "fish"] and cut(" SolidGoldMagikarp") == [" SolidGoldMagikarp"]
    assert set(cut("🦆")) == {"\ufffd"} and web.decode(web.encode("🦆")) == "🦆"


def test_the_stored_tokenizer_of_shakespeare_loads():
    plays = load(files("llmlite").joinpath("data/tokenizers/shakespeare_1024.json"))
    assert plays.vocab_size == 1024 and not plays.special
    cut = [plays.decode([i]) for i in plays.encode("O Romeo, wherefore art thou Romeo?")]
    assert " thou" in cut and "".join(cut) == "O Romeo, wherefore art thou Romeo?"
