"""The strip of tokens: what Python draws first, what the script makes of any text, and that both agree."""

import itertools
import json
import random
import re
from pathlib import Path

import pytest
from browser import Browser, find_chromium
from test_viz import Page, data_in

from llmlite import viz
from llmlite.text.bpe import BPETokenizer
from llmlite.text.gpt2 import gpt2
from llmlite.text.tokenizer import load
from llmlite.world import Town

ROOT = Path(__file__).resolve().parents[1]
TEXT = "In Lower Button lived a gardener.\n\tHello,  world! “Zoë” 🙂"
NAMES = ("the town", 'Shake "<b>" speare', "GPT-2")
# One mouthful of each kind of text; strings are put together from these.
ALPHABETS = [
    list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    list("0123456789½²Ⅷ٣४"),
    list("""!"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»“”’…—€"""),
    ["'s", "'t", "'re", "'ve", "'ll", "'d", "'m", "'S", "'", "’s", "don't", "I'll've"],
    [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n ", "\v", "\f", "\x1c", "\x85", "\xa0", "\u3000"],
    ["\x00", "\x01", "\x1b", "\x7f", "\x80", "\x9f", "\xad", "\u200b", "\u200d", "\u2028", "\ufeff"],
    ["🙂", "👩\u200d👩\u200d👧", "👍🏽", "🇺🇳", "❤️", "🏴\U000e0067\U000e007f", "𝔸", "𐍈"],
    ["e\u0301", "\u0301", "a\u0308\u0323", "\u0937\u093f", "\u0e01\u0e34", "\u20dd", "\ufe0f"],
    list("中文字符。，日本語のテキスト한국어"),
    list("السلام عليكم،؟ אבגד"),
    list("हिन्दी में एक वाक्य। বাংলা தமிழ்"),
    ["<|endoftext|>", "<|", "|>", "</script>", "<!--", "&amp;", "${x}", "`", "\ufffd", "\U0010ffff"],
    [" the", " town", " lived", " Button", "Romeo", " thou", "ing", " and", "In", "print(", "self."],
]  # fmt: skip


def strings():
    """Return strings of all kinds: each mouthful alone, then mixtures, the same in every run."""
    draw = random.Random(0)
    found = [""] + [piece for alphabet in ALPHABETS for piece in alphabet]
    for _ in range(300):
        kinds = draw.sample(ALPHABETS, draw.randint(1, 4))
        found.append("".join(draw.choice(draw.choice(kinds)) for _ in range(draw.randint(2, 60))))
    return [*found, *Town().stories(5, seed=1), "a" * 300, " " * 300, "ab" * 200, "é" * 200]


@pytest.fixture(scope="module")
def tokenizers():
    """Return three tokenizers: of the town, of Shakespeare, and the beginning of GPT-2's."""
    town = BPETokenizer.train(Town().stories(1000, seed=0), 1024, ["<|endoftext|>"])
    plays = load(ROOT / "llmlite" / "data" / "tokenizers" / "shakespeare_1024.json")
    return dict(zip(NAMES, (town, plays, BPETokenizer(gpt2().merges[:3744])), strict=True))


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin with figure 1, as a new notebook does."""
    monkeypatch.setattr(viz.page, "_numbers", itertools.count(1))


def chips(source):
    """Return the drawn tokens of each strip."""
    strips = re.findall(r'<div class="strip .*?>(.*?)</div>', source, re.DOTALL)
    return [[text for _, text in Page(strip).all("span")] for strip in strips]


class TestSpelled:
    @pytest.mark.parametrize(
        ("token", "shown"),
        [
            (" the", "·the"),
            ("  \n\t", "··⏎⇥"),
            ("\r\n", "⟨0D⟩⏎"),
            ("\x00\x1f\x7f", "⟨00 1F 7F⟩"),
            ("Zoë", "Zoë"),
            ("\x80", "⟨C2 80⟩"),
            ("\x9f", "⟨C2 9F⟩"),
            ("\xa0¡", "⟨C2 A0⟩¡"),
            ("\xad", "⟨C2 AD⟩"),
            ("a\u200db", "a⟨E2 80 8D⟩b"),
            ("\ufeff", "⟨EF BB BF⟩"),
            ("\u3000", "⟨E3 80 80⟩"),
            ("\ufe0f", "⟨EF B8 8F⟩"),
            ("·", "·"),
            ("🙂", "🙂"),
            ("\u0301", "◌\u0301"),
            ("\u093fa", "◌\u093fa"),
            ("e\u0301", "e\u0301"),
            ("<b>", "<b>"),
        ],
    )
    def test_whole_characters(self, token, shown):
        assert viz.spelled(token.encode()) == shown

    @pytest.mark.parametrize(
        ("token", "shown"),
        [
            (b"\xe2\x82", "⟨E2 82⟩"),
            (b" \xe2", "·⟨E2⟩"),
            (b"\x80\n", "⟨80⟩⏎"),
            (b"\xb7\xad", "⟨B7 AD⟩"),
            (b"a\xc3b", "a⟨C3⟩b"),
            (b"\xc3\xa9\xe2", "⟨C3 A9 E2⟩"),
            (b"\x00\xff", "⟨00 FF⟩"),
            (b"\x7f\x80", "⟨7F 80⟩"),
            (b"\xed\xa0\x80", "⟨ED A0 80⟩"),
            (b"\xc0\x80", "⟨C0 80⟩"),
        ],
    )
    def test_parts_of_characters(self, token, shown):
        assert viz.spelled(token) == shown


class TestStill:
    """What stands there before a script runs."""

    def test_each_tokenizer_shows_its_tokens(self, tokenizers):
        source = viz.token_strip(tokenizers, TEXT, alt="x").data
        page = Page(source)
        drawn = chips(source)
        assert len(drawn) == 3
        names = [text for attrs, text in page.all("p", **{"class": "name"})]
        for head, shown, (name, tokenizer) in zip(names, drawn, tokenizers.items(), strict=True):
            ids = tokenizer.encode(TEXT)
            assert head == f"{name} {len(ids)} tokens"
            assert shown == [viz.spelled(tokenizer.token(i)) for i in ids]
        assert [attrs["aria-label"] for attrs, _ in page.all("div", role="group")][1:] == list(NAMES)
        ((field, text),) = page.all("textarea")
        assert text == f"\n{TEXT}", "a browser takes the first newline away"
        assert "readonly" in field, "without a script, typing would change nothing"

    def test_one_and_none(self, tokenizers):
        for text, said in (("I", "1 token"), ("", "0 tokens")):
            source = viz.token_strip(tokenizers, text, alt="x").data
            assert [text for _, text in Page(source).all("span", **{"class": "count"})] == [said] * 3

    def test_a_long_text_is_counted_but_not_all_drawn(self, tokenizers):
        source = viz.token_strip(tokenizers, "1 " * 600, alt="x").data
        assert [len(drawn) for drawn in chips(source)] == [500] * 3
        counts = [len(tokenizer.encode("1 " * 600)) for tokenizer in tokenizers.values()]
        assert [text for _, text in Page(source).all("i")] == [f"and {n - 500} more" for n in counts]
        exact = viz.token_strip(tokenizers, "1" * 500, alt="x").data
        assert len(chips(exact)[0]) == 500 and Page(exact).all("i") == []

    def test_nasty_texts_are_text(self, tokenizers):
        nasty = "</textarea><b>&amp;\"'</script><!--\n\u2028"
        source = viz.token_strip(tokenizers, nasty, alt="<b>", examples=[nasty]).data
        page = Page(source)
        assert [text for _, text in page.all("textarea")] == [f"\n{nasty}"]
        assert len(page.all("b")) == 3 and len(page.all("script")) == 1
        assert data_in(source)[1]["examples"] == [nasty]

    @pytest.mark.parametrize("text", ["a\r\nb", "\0"])
    def test_what_a_field_does_not_keep_is_refused(self, tokenizers, text):
        for options in ({"text": text}, {"text": "", "examples": ["fine", text]}):
            with pytest.raises(ValueError, match=re.escape(repr(text))):
                viz.token_strip(tokenizers, alt="x", **options)

    def test_it_needs_a_text_for_whoever_does_not_see_it(self, tokenizers):
        with pytest.raises(ValueError, match="alt"):
            viz.token_strip(tokenizers, TEXT, alt=" ")

    def test_it_is_small_and_the_same_in_every_run(self, tokenizers, monkeypatch):
        source = viz.token_strip(tokenizers, TEXT, alt="x").data
        assert len(source.encode()) < 50_000
        monkeypatch.setattr(viz.page, "_numbers", itertools.count(1))
        assert viz.token_strip(tokenizers, TEXT, alt="x").data == source
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\xa0\xad]", source), "nothing that cannot be seen"

    def test_the_data_are_all_tokens_in_the_order_of_their_ids(self, tokenizers):
        listed = data_in(viz.token_strip(tokenizers, TEXT, alt="x").data)[1]["tokenizers"]
        for each, (name, tokenizer) in zip(listed, tokenizers.items(), strict=True):
            assert each["name"] == name and each["pattern"] == tokenizer.pattern
            tokens = [bytes(ord(c) % 256 for c in token) for token in each["tokens"].split(" ")]
            assert tokens == list(tokenizer.ranks) == tokenizer.tokens[: len(tokenizer.ranks)]


@pytest.fixture(scope="module")
def browser():
    """Start one browser for all tests here."""
    with Browser() as started:
        yield started


ROOT_ELEMENT = "document.querySelector('.llmlite-tokens')"
STRIPS = "[...document.querySelectorAll('.strip')]"


@pytest.mark.skipif(find_chromium() is None, reason="no Chromium or Chrome on this machine")
class TestInBrowser:
    @pytest.fixture
    def opened(self, browser, tmp_path, tokenizers):
        """Return a function that opens the figure on a page that looks as the book does."""

        def opened(text=TEXT, *, theme="light", width=1440, tokenizers=tokenizers, times=1, **options):
            figures = [viz.token_strip(tokenizers, text, alt="x", **options).data for _ in range(times)]
            look = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
            path = tmp_path / "page.html"
            path.write_text(
                f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
                f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{look}'
                "body { background: var(--pst-color-background); margin: 16px; }"
                "label { display: inline-block; }</style><body>" + "\n".join(figures),  # as the theme has it
                encoding="utf-8",
            )
            browser.screen(width, 800, dark=theme == "dark", phone=width < 500)
            browser.open(path.as_uri())
            assert browser.errors == []
            return browser

        yield opened
        assert browser.errors == []
        assert all(address.startswith(("file:", "about:")) for address in browser.requests)

    def drawn(self, browser):
        """Return what each strip shows, and what is said above and below it."""
        return browser.run(
            f"{STRIPS}.map(s => [s.previousElementSibling.textContent,"
            " [...s.querySelectorAll('button')].map(b => b.textContent), s.nextElementSibling.textContent])"
        )

    def expected(self, tokenizers, text):
        return [
            (
                f"{name} {len(ids)} token{'s' if len(ids) != 1 else ''}",
                [viz.spelled(each.token(i)) for i in ids],
            )
            for name, each in tokenizers.items()
            for ids in [each.encode(text)]
        ]

    def shows(self, browser, tokenizers, text):
        assert [tuple(each[:2]) for each in self.drawn(browser)] == self.expected(tokenizers, text)

    def type(self, browser, text):
        """Put a text into the field, as pasting does."""
        browser.run(
            f"(area => {{ area.value = {json.dumps(text)}; area.dispatchEvent(new Event('input')); }})"
            "(document.querySelector('textarea'))"
        )

    def encoded(self, browser, name, texts):
        given = json.dumps([name, texts])
        return browser.run(f"(([name, texts]) => texts.map(t => {ROOT_ELEMENT}.encode(name, t)))({given})")

    def test_the_script_draws_the_first_state_that_stood_there(self, opened, tokenizers):
        source = viz.token_strip(tokenizers, TEXT, alt="x").data
        browser = opened()
        assert [each[1] for each in self.drawn(browser)] == chips(source)
        self.shows(browser, tokenizers, TEXT)
        assert browser.run("document.querySelector('textarea').value") == TEXT
        assert browser.run("document.querySelector('textarea').readOnly") is False

    def test_a_text_that_begins_with_a_newline(self, opened, tokenizers):
        self.shows(opened("\n\n a"), tokenizers, "\n\n a")

    @pytest.mark.parametrize("name", NAMES)
    def test_ids_are_pythons(self, opened, tokenizers, name):
        texts = strings()
        assert len(texts) > 500
        for text, ids in zip(texts, self.encoded(opened(), name, texts), strict=True):
            assert ids == tokenizers[name].encode(text), repr(text)

    def test_a_piece_that_is_a_token_needs_no_merges(self, opened):
        """Merging alone would end at ab, cd, e: no two of them make a token."""
        pairs = ["a b", "c d", "b c", "a bc", "d e", "abc de"]
        odd = BPETokenizer([tuple(part.encode() for part in pair.split()) for pair in pairs])
        browser = opened("x", tokenizers={"odd": odd})
        texts = ["abcde", "abcdee", "abcd", " abcde", "abcde abcde"]
        assert self.encoded(browser, "odd", texts) == [odd.encode(text) for text in texts]
        assert odd.encode("abcde") == [261]

    def test_another_pattern(self, opened):
        merges = [(b" ", b"a"), (b" a", b" a"), (b"\n", b"\n"), (b"b", b"\n\n")]
        whole = BPETokenizer(merges, pattern=r"[\s\S]+")
        words = BPETokenizer(merges, pattern=r"\S+\s*|\s+")
        browser = opened("x", tokenizers={"whole": whole, "words": words})
        texts = [" a a a", "b\n\n", "a\ufeff\n\nb\x85\n", "\x85 a a"]
        for name, each in (("whole", whole), ("words", words)):
            assert self.encoded(browser, name, texts) == [each.encode(text) for text in texts]

    def test_every_token_is_spelled_as_python_does(self, opened, tokenizers):
        odd = BPETokenizer([
            (b"\xef", b"\xbb"),
            (b"\xef\xbb", b"\xbf"),
            (b"\xcc", b"\x81"),
            (b" ", b"\xcc\x81"),
        ])
        for text in [
            "".join(strings()[200:230]).replace("\r", "").replace("\0", ""),
            "\ufeff \u0301\u0301a\ufeff",
        ]:
            both = {"odd": odd, **tokenizers}
            browser = opened("x", tokenizers=both)
            self.type(browser, text)
            heads = [tuple(each[:2]) for each in self.drawn(browser)]
            assert heads == [(head, tokens[:500]) for head, tokens in self.expected(both, text)]

    def test_typing(self, opened, tokenizers):
        browser = opened("")
        assert all(each[0].endswith(" 0 tokens") and each[1:] == [[], ""] for each in self.drawn(browser))
        browser.run("document.querySelector('textarea').focus()")
        for n, letter in enumerate("Hi, Zoë 1!", start=1):
            browser.call("Input.insertText", text=letter)
            self.shows(browser, tokenizers, "Hi, Zoë 1!"[:n])

    def test_examples(self, opened, tokenizers):
        examples = ["for i in x:\n    print(i)", "<b>🙂"]
        browser = opened(examples=examples)
        labels = browser.run("[...document.querySelectorAll('.examples button')].map(b => b.textContent)")
        assert labels == ["for i in x: ⏎ print(i)", "<b>🙂"]
        for n in (1, 0):
            browser.run(f"document.querySelectorAll('.examples button')[{n}].click()")
            assert browser.run("document.querySelector('textarea').value") == examples[n]
            self.shows(browser, tokenizers, examples[n])

    def said(self, token, i):
        data = token.hex(" ").upper()
        return f"{viz.spelled(token)} is token {i}, {'byte' if len(token) == 1 else 'bytes'} {data}"

    def middle(self, browser, strip, chip):
        box = browser.run(f"{STRIPS}[{strip}].children[{chip}].getBoundingClientRect().toJSON()")
        return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}

    def test_the_mouse(self, opened, tokenizers):
        browser = opened()
        lines = [each[2] for each in self.drawn(browser)]
        assert lines == ["Choose a token to see its number and its bytes.", "", ""]
        newline = tokenizers[NAMES[0]].encode(TEXT).index(tokenizers[NAMES[0]].ranks[b"\n"])
        for strip, chip in ((0, 2), (2, 3), (0, 0), (1, 5), (0, newline)):
            browser.call("Input.dispatchMouseEvent", type="mouseMoved", **self.middle(browser, strip, chip))
            tokenizer = tokenizers[NAMES[strip]]
            i = tokenizer.encode(TEXT)[chip]
            assert self.drawn(browser)[strip][2] == self.said(tokenizer.token(i), i)
            marked = f"{STRIPS}[{strip}].querySelectorAll('[aria-current]')"
            assert browser.run(f"[...{marked}].map(b => [...b.parentNode.children].indexOf(b))") == [chip]
        assert self.drawn(browser)[0][2].endswith(", byte 0A")
        assert browser.run("document.activeElement.tagName") == "BODY", "pointing takes no focus"
        end = browser.run(f"{STRIPS}[0].getBoundingClientRect().toJSON()")
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=end["right"] - 1, y=end["bottom"] - 1)
        assert self.drawn(browser)[0][2].endswith(", byte 0A"), "between tokens nothing changes"

    def test_a_click_takes_the_focus_in_every_browser(self, opened):
        browser = opened()
        browser.run(f"{STRIPS}[1].children[3].click()")  # by itself this moves no focus
        assert browser.run(f"{STRIPS}[1].children[3] === document.activeElement")

    def test_a_tap(self, opened, tokenizers):
        browser = opened(width=390)
        place = self.middle(browser, 1, 4)
        browser.call("Emulation.setTouchEmulationEnabled", enabled=True)
        try:
            browser.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[place])
            browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            browser.wait(f"document.activeElement === {STRIPS}[1].children[4]")
        finally:
            browser.call("Emulation.setTouchEmulationEnabled", enabled=False)
        i = tokenizers[NAMES[1]].encode(TEXT)[4]
        assert self.drawn(browser)[1][2] == self.said(tokenizers[NAMES[1]].token(i), i)

    def press(self, browser, key):
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def test_the_keyboard(self, opened, tokenizers):
        browser = opened()
        ids = tokenizers[NAMES[1]].encode(TEXT)
        stops = f"{STRIPS}.map(s => [...s.children].flatMap((b, i) => b.tabIndex === 0 ? [i] : []))"
        assert browser.run(stops) == [[0], [0], [0]], (
            "one token of each strip can be reached with the tab key"
        )
        browser.run(f"{STRIPS}[1].children[0].focus()")
        keys = [
            "ArrowRight",
            "ArrowRight",
            "x",
            "ArrowLeft",
            "ArrowLeft",
            "ArrowLeft",
            "End",
            "ArrowRight",
            "Home",
        ]
        last = len(ids) - 1
        for key, place in zip(keys, [1, 2, 2, 1, 0, 0, last, last, 0], strict=True):
            self.press(browser, key)
            assert browser.run(f"{STRIPS}[1].children[{place}] === document.activeElement")
            token = tokenizers[NAMES[1]].token(ids[place])
            assert self.drawn(browser)[1][2] == self.said(token, ids[place])
            assert browser.run(stops) == [[0], [place], [0]]
        assert browser.run(f"{STRIPS}.map(s => s.nextElementSibling.ariaLive)") == ["polite"] * 3
        for key, goes_on in (("End", False), ("ArrowLeft", False), ("Tab", True), ("PageDown", True)):
            event = f"new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true}})"
            assert browser.run(f"{STRIPS}[1].children[1].dispatchEvent({event})") is goes_on, (
                "pages stand still"
            )

    def test_a_long_text_stays_quick(self, opened, tokenizers):
        browser = opened()
        for text in ("".join(Town().stories(60, seed=2))[:10_000], "x" * 10_000, " é" * 5_000):
            self.type(browser, text)
            heads = [head for head, _, _ in self.drawn(browser)]
            assert heads == [head for head, _ in self.expected(tokenizers, text)]
            assert {len(tokens) for _, tokens, _ in self.drawn(browser)} == {500}
            rest = [len(each.encode(text)) - 500 for each in tokenizers.values()]
            assert browser.run(f"{STRIPS}.map(s => s.lastChild.textContent)") == [
                f"and {n} more" for n in rest
            ]
            edit = "area.value += 'y'; area.dispatchEvent(new Event('input'));"
            took = browser.run(
                f"(area => {{ const begin = performance.now(); {edit} return performance.now() - begin; }})"
                "(document.querySelector('textarea'))"
            )
            assert took < 1000, "milliseconds, of a page on a busy machine"
        assert browser.run("document.querySelector('textarea').maxLength") == 10_000

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_every_token_can_be_read(self, opened, theme):
        browser = opened("a b c d e f g h", theme=theme)
        pairs = browser.run(
            f"{STRIPS}.flatMap(s => [...s.children]).map(chip => getComputedStyle(chip))"
            ".map(style => [style.color, style.backgroundColor])"
        )
        assert len({back for _, back in pairs}) == 4
        assert all(one[1] != two[1] for one, two in itertools.pairwise(pairs[:8])), "neighbours differ"
        assert min(contrast(*pair) for pair in pairs) >= 7
        below = browser.run(f"(s => [s.color, getComputedStyle(document.body).backgroundColor])"
                            f"(getComputedStyle({STRIPS}[0].nextElementSibling))")  # fmt: skip
        assert contrast(*below) >= 4.5

    @pytest.mark.parametrize("text", [TEXT, "x" * 400, " " * 400, "🙂" * 100])
    def test_a_phone_needs_no_sideways_scroll(self, opened, text):
        browser = opened(text, width=390, examples=["y" * 400])
        assert browser.run("document.documentElement.scrollWidth") == 390
        assert browser.run("parseFloat(getComputedStyle(document.querySelector('textarea')).fontSize)") >= 16
        assert browser.run(f"{STRIPS}[0].scrollWidth <= {STRIPS}[0].clientWidth")
        width = browser.run(f"{STRIPS}[0].clientWidth")
        assert browser.run("document.querySelector('textarea').offsetWidth") == width

    def test_a_token_that_is_wider_than_a_phone(self, opened):
        doubled = BPETokenizer([(b"x" * 2**n, b"x" * 2**n) for n in range(8)])
        browser = opened("x" * 256, width=390, tokenizers={"doubled": doubled})
        assert self.drawn(browser)[0][1] == ["x" * 256]
        assert browser.run("document.documentElement.scrollWidth") == 390

    def test_two_figures_do_not_touch_each_other(self, opened, tokenizers):
        browser = opened(times=2)
        self.type(browser, "Hi")
        heads = [tuple(each[:2]) for each in self.drawn(browser)]
        assert heads == self.expected(tokenizers, "Hi") + self.expected(tokenizers, TEXT)


def contrast(one, two):
    """Return the contrast of two colours, "rgb(r, g, b)", as WCAG 2 defines it."""
    values = []
    for colour in (one, two):
        parts = [int(part) / 255 for part in re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        values.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(values) + 0.05) / (min(values) + 0.05)
