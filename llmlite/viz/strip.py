"""A strip of tokens under a text that is typed."""

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Protocol

from IPython.display import HTML

from llmlite.viz.page import interactive

MOST_TOKENS = 500  # of a strip that are drawn; all are counted
MARKS = {" ": "·", "\n": "⏎", "\t": "⇥"}
# What leaves no mark on paper: in a text, and in one with parts of characters. JavaScript reads these, too.
UNSEEN = (
    r"[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u1680\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u3000\u3164\ufe00-\ufe0f\ufeff\ufff0-\ufffb]+",
    r"[\x00-\x08\x0b-\x1f\x7f-\xff]+",
)


class BytePairs(Protocol):
    """What a strip of tokens needs of a tokenizer: `text.bpe.BPETokenizer` has it."""

    pattern: str
    ranks: dict[bytes, int]
    tokens: list[bytes]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""


def token_strip(
    tokenizers: Mapping[str, BytePairs], text: str, alt: str, examples: Sequence[str] = ()
) -> HTML:
    """Return a text field, and below it the tokens that tokenizers make of what is typed there.

    Args:
        tokenizers: by the names that are shown. Of regular expressions, their patterns use what GPT-2's
            does: JavaScript reads them too.
        text: what stands in the field at first.
        alt: what the figure shows, for readers who do not see it.
        examples: more texts, a button for each.

    Raises:
        ValueError: a text holds a carriage return or a zero byte, which fields of a page do not keep.
    """
    for each in (text, *examples):
        if set("\r\0") & set(each):
            raise ValueError(f"{each!r} holds a carriage return or a zero byte: no text field keeps them")
    rows = [_token_row(name, tokenizer, text) for name, tokenizer in tokenizers.items()]
    still = (
        '<label>Type a text:<textarea rows="3" maxlength="10000" spellcheck="false" autocapitalize="off" '
        f'autocomplete="off" readonly>\n{html.escape(text)}</textarea></label>'
        f'<div class="examples"></div>{"".join(rows)}'
    )
    listed = [
        {"name": name, "pattern": each.pattern, "tokens": " ".join(map(_printable, each.ranks))}
        for name, each in tokenizers.items()
    ]
    data = {
        "tokenizers": listed,
        "examples": list(examples),
        "most": MOST_TOKENS,
        "marks": MARKS,
        "unseen": UNSEEN,
    }
    return interactive("tokens", alt, data, still)


def _token_row(name: str, tokenizer: BytePairs, text: str) -> str:
    """Return the strip of one tokenizer, as it is before a script runs."""
    tokens = [tokenizer.tokens[i] for i in tokenizer.encode(text)]
    chips = "".join(f"<span>{html.escape(spelled(token))}</span>" for token in tokens[:MOST_TOKENS])
    rest = len(tokens) - MOST_TOKENS
    more = f"<i>and {rest} more</i>" if rest > 0 else ""
    label = html.escape(name)
    return (
        f'<p class="name"><b>{label}</b> <span class="count">{len(tokens)} token{"s" * (len(tokens) != 1)}'
        '</span></p><div class="strip tex2jax_ignore mathjax_ignore" translate="no" role="group" '
        f'aria-label="{label}">{chips}{more}</div><p class="token" aria-live="polite"></p>'
    )


def spelled(token: bytes) -> str:
    """Return a token as a strip shows it: blanks as marks, what cannot be seen as bytes."""
    try:
        text, unseen, coding = token.decode(), UNSEEN[0], "utf-8"
    except UnicodeDecodeError:  # a part of a character
        text, unseen, coding = token.decode("latin-1"), UNSEEN[1], "latin-1"

    def sign(found: re.Match[str]) -> str:
        return MARKS.get(found[0]) or f"⟨{found[0].encode(coding).hex(' ').upper()}⟩"

    text = re.sub(f"[ \n\t]|{unseen}", sign, text)
    combining = unicodedata.category(text[0]).startswith("M")  # it needs a letter to stand on
    return f"◌{text}" if combining else text


def _printable(token: bytes) -> str:
    """Return one character for each byte, 256 higher where the byte's own cannot be seen."""
    return "".join(chr(b if 32 < b < 127 or 160 < b != 173 else b + 256) for b in token)
