"""How a page looks to the eye: the contrast of its texts, computed from styles or measured in screenshots."""

import base64
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from browser import Browser
from numpy.typing import NDArray
from PIL import Image

SCRIPTS = Path(__file__).parent / "site"
# What is left of a text, such as a halo around it, belongs to its ground.
NO_TEXT = "* { -webkit-text-fill-color: transparent !important } text, tspan { fill: transparent !important }"
TALLEST = 2000  # pixels of the page in one screenshot


def script(browser: Browser, name: str, argument: object = "") -> Any:
    """Run one of the scripts in tests/site in the page."""
    code = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    return browser.run(f"({code})({argument})")


def add_style(browser: Browser, rules: str) -> None:
    """Add a style sheet, the last one, to the page."""
    browser.run("void document.head.append(document.createElement('style'))")
    browser.run(f"document.head.lastChild.textContent = '{rules}'")


def contrast_problems(browser: Browser, root: str = "document.body") -> list[str]:
    """Return the texts that stand out too little from their ground: 4.5 to 1, or 3 to 1 if they are large.

    Args:
        browser: shows the page.
        root: JavaScript that gives the element in which to look.
    """
    found = script(browser, "contrast", root)
    on_pictures = [each for each in found if each.get("boxes")]
    if on_pictures:
        measure(browser, on_pictures)
    weak = [each for each in found if each.get("ratio", 99.0) < each["least"]]
    return [f"contrast {each['ratio']:.2f} < {each['least']}: {each['what']}" for each in weak]


def measure(browser: Browser, texts: list[dict[str, Any]]) -> None:
    """Measure the contrast of texts on pictures, in screenshots without the texts.

    Args:
        browser: shows the page.
        texts: each has "ink" and "boxes"; it gets the key "ratio": nine tenths of its ground have more.
    """
    lines = sorted(((box, text) for text in texts for box in text["boxes"]), key=lambda line: line[0][1])
    add_style(browser, NO_TEXT)
    while lines:
        top = math.floor(lines[0][0][1])
        near = [line for line in lines if line[0][1] + line[0][3] <= top + TALLEST] or lines[:1]
        lines = [line for line in lines if line not in near]
        picture = shot(browser, top, math.ceil(max(y + height for (_, y, _, height), _ in near)) - top)
        for (x, y, width, height), text in near:
            rows = slice(int(y - top + 0.2 * height), math.ceil(y - top + 0.8 * height))  # as high as letters
            ground = picture[rows, max(0, int(x)) : math.ceil(x + width)].reshape(-1, 3)
            ratio = float(np.quantile(contrast_with(np.array(text["ink"]), ground), 0.1))
            text["ratio"] = min(ratio, text.get("ratio", ratio))
    browser.run("document.head.lastChild.remove()")


def shot(browser: Browser, top: int, height: int) -> NDArray[np.float64]:
    """Return the colours of a strip of the page, from 0 to 1."""
    clip = {"x": 0, "y": top, "width": browser.run("innerWidth"), "height": height, "scale": 1}
    answer = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
    picture = Image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")
    return np.asarray(picture, dtype=np.float64) / 255


def contrast_with(ink: NDArray[np.float64], grounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the contrast (WCAG 2.2) of a premultiplied ink of four parts on each of some colours."""
    texts = ink[:3] + (1 - ink[3]) * grounds
    first, second = _light(texts), _light(grounds)
    return (np.maximum(first, second) + 0.05) / (np.minimum(first, second) + 0.05)


def _light(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    light: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return light
