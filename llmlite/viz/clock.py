"""Rotary positions as clocks: for each pair of features a hand of the query and a hand of the key."""

import html
import math
from collections.abc import Mapping, Sequence

from IPython.display import HTML

from llmlite.viz.page import interactive

Pairs = list[tuple[float, float, float, float]]  # of each pair of features: query and key before they turn

FACE, HAND, SHORT = 30.0, 27.0, 20.0  # radii of a clock's face, of the query's hand, of the key's
WIDTH, HEIGHT, EDGE = 400.0, 150.0, 14.0  # of the curve, and the space around it


def rotary_clock(
    vectors: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    speeds: Sequence[float],
    alt: str,
    last: int = 63,
    places: tuple[int, int] = (0, 0),
) -> HTML:
    """Return clocks, one for each pair of features, that turn with the places of a query and a key.

    Below them stands their score, the sum of what the pairs give, and its curve over the distance. The
    first feature of a pair points up, the second to the right, so later places are turned clockwise.

    Args:
        vectors: by the names that are shown, a query and a key of Dh features each, before they turn;
            features i and i + Dh/2 are a pair. The first of them is shown at first.
        speeds: (Dh/2,) radians that each pair turns from one place to the next.
        alt: what the figure shows, for readers who do not see it.
        last: the largest place; the smallest is 0.
        places: of the query and of the key, at first.

    Raises:
        ValueError: a vector has not two features for each speed, there is none, or a place is not there.
    """
    if not vectors:
        raise ValueError("there are no vectors to turn: name at least one query and key")
    if not all(0 <= place <= last for place in places):
        raise ValueError(f"places={places}: both lie between 0 and last={last}")
    listed = [(name, _pairs(name, *both, len(speeds))) for name, both in vectors.items()]
    pairs = listed[0][1]
    faces = "".join(_face(pair, speed, places) for pair, speed in zip(pairs, speeds, strict=True))
    still = (
        f"{_choices(list(vectors))}{_slider('query', places[0], last)}{_slider('key', places[1], last)}"
        '<label class="both"><input type="checkbox" disabled/> move both</label>'
        f'<div class="faces">{faces}</div>'
        f'<p class="said" aria-live="polite">{said(pairs, speeds, places)}</p>'
        f"{_curve(pairs, speeds, last, places)}"
    )
    data = {
        "vectors": [each for _, each in listed],
        "speeds": list(speeds),
        "last": last,
        "places": places,
        "sizes": [FACE, HAND, SHORT, WIDTH, HEIGHT, EDGE],
    }
    return interactive("clock", alt, data, still)


def products(pairs: Pairs, speeds: Sequence[float], distance: float) -> list[float]:
    """Return what each pair adds to the score of a query that stands `distance` places after its key."""
    found = []
    for (qx, qy, kx, ky), speed in zip(pairs, speeds, strict=True):
        cos, sin = math.cos(distance * speed), math.sin(distance * speed)
        found.append((qx * kx + qy * ky) * cos + (qx * ky - qy * kx) * sin)
    return found


def said(pairs: Pairs, speeds: Sequence[float], places: tuple[int, int]) -> str:
    """Return the sentence below the clocks."""
    query, key = places
    score = sum(products(pairs, speeds, query - key))
    return f"query at {query}, key at {key}: distance {_minus(query - key)}, score {_number(score)}"


def _pairs(name: str, query: Sequence[float], key: Sequence[float], n_pairs: int) -> Pairs:
    if not len(query) == len(key) == 2 * n_pairs:
        raise ValueError(
            f"{name!r} has {len(query)} and {len(key)} features: {n_pairs} speeds turn {2 * n_pairs}"
        )
    half = range(n_pairs)
    rounded = [[round(float(x), 4) for x in vector] for vector in (query, key)]
    return [tuple(v[i + part] for v in rounded for part in (0, n_pairs)) for i in half]  # type: ignore[misc]


def _number(value: float) -> str:
    """Return a number with two decimals, and a minus sign where it is negative to the eye."""
    shown = f"{abs(value):.2f}"
    return f"−{shown}" if value < 0 and float(shown) else shown


def _minus(value: int) -> str:
    return str(value).replace("-", "−")


def _choices(names: list[str]) -> str:
    radios = "".join(
        f'<label><input type="radio" disabled{" checked" * (i == 0)}/> {html.escape(name)}</label> '
        for i, name in enumerate(names)
    )
    return f'<fieldset class="choices"><legend>query and key</legend>{radios}</fieldset>'


def _slider(name: str, place: int, last: int) -> str:
    return (
        f'<label class="{name}"><span>place of the {name}: <output>{place}</output></span>'
        f'<input type="range" min="0" max="{last}" value="{place}" disabled/></label>'
    )


def _face(pair: tuple[float, float, float, float], speed: float, places: tuple[int, int]) -> str:
    """Return one clock with its two hands, a bar for its product, and how long a turn takes."""
    product = products([pair], [speed], places[0] - places[1])[0]
    hands = ""
    for part, length in ((1, SHORT), (0, HAND)):
        x, y = pair[2 * part : 2 * part + 2]
        angle = math.atan2(y, x) + places[part] * speed
        tip = f'x2="{length * math.sin(angle):.1f}" y2="{-length * math.cos(angle):.1f}"'
        hands += f'<line class="{("query", "key")[part]}" x1="0" y1="0" {tip}/>'
    turn = 2 * math.pi / speed
    label = f"{turn:.1f}" if turn < 10 else f"{turn:,.0f}"
    return (
        f'<div><svg viewBox="-34 -34 68 68" aria-hidden="true"><circle r="{FACE:.0f}"/>{hands}</svg>'
        f'<span class="product">{_number(product)}</span> '
        f'<span class="turn">{label} places a turn</span></div>'
    )


def _curve(pairs: Pairs, speeds: Sequence[float], last: int, places: tuple[int, int]) -> str:
    """Return the score over all distances, with a mark at the present one."""
    scores = [sum(products(pairs, speeds, m)) for m in range(-last, last + 1)]
    most = sum(math.hypot(qx, qy) * math.hypot(kx, ky) for qx, qy, kx, ky in pairs)

    def point(distance: int, score: float) -> tuple[float, float]:
        across = (distance + last) / max(2 * last, 1)
        return EDGE + (WIDTH - 2 * EDGE) * across, HEIGHT / 2 - (HEIGHT / 2 - EDGE) * score / (most or 1)

    path = " ".join("{:.1f},{:.1f}".format(*point(m - last, score)) for m, score in enumerate(scores))
    distance = places[0] - places[1]
    x, y = point(distance, scores[distance + last])
    ticks = "".join(
        f'<text x="{point(m, 0)[0]:.1f}" y="{HEIGHT + 12:.0f}" text-anchor="middle">{_minus(m)}</text>'
        for m in (-last, 0, last)
    )
    title = "score over the distance from key to query"
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH:.0f} {HEIGHT + 34:.0f}" role="img"><title>{title}</title>'
        f'<line class="zero" x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{HEIGHT / 2}" y2="{HEIGHT / 2}"/>'
        f'<polyline points="{path}"/><circle class="now" r="5" cx="{x:.1f}" cy="{y:.1f}"/>{ticks}'
        f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT + 29:.0f}" text-anchor="middle">{title}</text></svg>'
    )
