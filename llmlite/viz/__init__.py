"""Figures for pages: one style, a text for whoever cannot see them, and SVG that answers to a touch.

An interactive figure is a piece of HTML with its data inside: it works on a static page, in a notebook and
without a network, and shows its first state where scripts do not run. Its script and style lie in
`data/figures/`, one pair of files for each kind of figure.
"""

from llmlite.viz.clock import rotary_clock
from llmlite.viz.layers import layers
from llmlite.viz.map import word_map
from llmlite.viz.page import PALETTE, interactive, picture, required, show, use_style
from llmlite.viz.strip import MARKS, MOST_TOKENS, UNSEEN, spelled, token_strip
from llmlite.viz.texts import bars, percents, quiz, shown, top_words, word_by_word

__all__ = [
    "MARKS",
    "MOST_TOKENS",
    "PALETTE",
    "UNSEEN",
    "bars",
    "interactive",
    "layers",
    "percents",
    "picture",
    "quiz",
    "required",
    "rotary_clock",
    "show",
    "shown",
    "spelled",
    "token_strip",
    "top_words",
    "use_style",
    "word_by_word",
    "word_map",
]
