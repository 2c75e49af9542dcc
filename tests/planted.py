"""A page with everything on it, and one fault of each kind that the checks of the site find.

A fault is a piece of a page, then patterns: of each a problem must be found, and no other.
"""

import base64

from llmlite import viz

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg=="
)
SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9H0z" fill="#777"/></svg>'
)
GREY = f"url(data:image/svg+xml;base64,{base64.b64encode(SQUARE.encode()).decode()})"
PAPER = (
    ":root { color-scheme: light dark; background: #fff; color: #222 } a { color: #0b5b8a }"
    "::placeholder { color: inherit }"
)
NIGHT = "@media (prefers-color-scheme: dark) { :root { background: #181c20; color: #ddd } a { color: #8cf } }"
WORDS = viz.word_by_word(
    ["A", "goose", "."],
    [{"A": 1.0}, {"goose": 0.5, "duck": 0.5}, {".": 1.0}],
    [{"A": 0.5, "The": 0.5}, {"duck": 1.0}, {".": 1.0}],
    alt="three words",
).data
QUIZ = viz.quiz("Who?", [("A goose.", "a", "x"), ("A hen.", "b", "y")], ("a", "b"), alt="two texts").data
SCROLLER = '<div style="overflow-x: auto" tabindex="0"><div style="width: 3000px">wide</div></div>'

GOOD = f"""
<h1>A goose</h1><h2>Its pond</h2><h3>Its reeds</h3><h2>Its nest</h2>
<p id="one">It costs $5, or US$7–US$9 with <code>$x$</code> and <a href="#one">a link</a>.</p>
<pre>\\(x\\) $$</pre>
<p>Set: <span class="math"><mjx-container>x<mjx-assistive-mml><math><mi>x</mi></math></mjx-assistive-mml>
</mjx-container></span></p>
<img src="{PIXEL}" alt="a pixel"><img src="{PIXEL}" alt="" aria-hidden="true">
<svg viewBox="0 0 90 20" width="90" role="img"><title>Dark</title><rect width="90" height="20" fill="#123"/>
<text x="5" y="15" fill="#fff" font-size="14">white</text></svg>
<span role="img" aria-label="a dot"><svg width="9" height="9"><circle r="4" fill="red"/></svg></span>
<svg role="img"><title>A dot</title><svg width="9"></svg></svg>
<svg width="9" height="9" aria-hidden="true"><circle r="4" fill="red"/></svg>
<button>Press</button><button aria-label="Close"><svg width="9" aria-hidden="true"></svg></button>
<button disabled style="color: inherit">x</button><label>Name <input value="Mina"></label>
<input aria-label="Town" placeholder="a town"><label>Story <textarea>Once</textarea></label>
<details><summary>More</summary>It honks.</details>{SCROLLER}
<p style="font-size: 24px; color: #8a8a8a; background: #fff">Large is read with less.</p>
<p style="font-size: 18.7px; font-weight: 700; color: #8a8a8a; background: #fff">Or bold.</p>
<p style="color: #fff; background: linear-gradient(#111, #444)">White on a gradient.</p>
<p style="position: absolute; clip: rect(0 0 0 0); width: 1px; overflow: hidden">for ears only</p>
<p style="width: 90px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">More than fits.</p>
<p style="visibility: hidden; color: #fff">never seen</p><p hidden>never</p>{WORDS}{QUIZ}
"""

H1 = "<h1>A goose</h1>"
FAULTS = {
    # What the browser says
    "error": ('<script>console.error("broken", 7)</script>', r"console: console\.error: broken 7"),
    "warning": ('<script>console.warn("careful")</script>', r"console: console\.warning: careful"),
    "assertion": ('<script>console.assert(1 > 2, "never")</script>', r"console: console\.assert: never"),
    "exception": ('<script>throw new Error("stop")</script>', r"uncaught: Error: stop"),
    "promise": ('<script>Promise.reject(new Error("late"))</script>', r"uncaught: Error: late"),
    "deprecated": ("<script>document.domain = document.domain</script>", r"console|uncaught"),
    "script": ('<script src="gone.js"></script>', r"failed request: .*gone\.js"),
    "style": ('<link rel="stylesheet" href="gone.css">', r"failed request: .*gone\.css"),
    "font": (
        "<style>@font-face { font-family: x; src: url(gone.woff) } p { font-family: x }</style><p>x</p>",
        r"failed request: .*gone\.woff",
    ),
    "ground": ('<p style="background: url(gone.png)">x</p>', r"failed request: .*gone\.png"),
    # Other hosts
    "host of an image": (
        '<script>new Image().src = "https://cdn.example/a.png"</script>',
        r"another host: https://cdn\.example/a\.png",
        r"failed request: https://cdn",
    ),
    "host of a request": (
        '<script>fetch("https://api.example/v1").catch(() => 0)</script>',
        r"another host: https://api\.example",
        r"failed request",
    ),
    "host of a frame": (
        '<iframe src="https://frame.example/" title="a frame"></iframe>',
        r"another host: https://frame\.example",
        r"failed request",
    ),
    # Math
    "dollars": ("<p>so $x^2$ it is</p>", r'raw math: body > p "so \$x'),
    "one letter": ("<li>$x$</li>", r"raw math"),
    "round": (r"<p>so \(x\) it is</p>", r"raw math"),
    "square": (r"<td>\[x\]</td>", r"raw math"),
    "double": ("<div>$$ x $$</div>", r"raw math"),
    "split": ("<p>so $a <em>b</em> c$ it is</p>", r"raw math"),
    "block": (r"<p>\begin{align}</p>", r"raw math"),
    "in a heading": ("<h2>The $x$ of it</h2>", r"raw math: .*h2"),
    "in a drawing": ('<svg role="img" aria-label="x"><text y="20">so $x$</text></svg>', r"raw math: .*text"),
    "in a text for ears": (f'<img src="{PIXEL}" alt="the $x$ axis">', r"raw math: alt of"),
    "in a label": ('<button aria-label="$x$">x</button>', r"raw math: aria-label of"),
    "in a text that MathJax reads": (
        '<div class="tex2jax_ignore">$x$</div><p>but $x$</p>',
        r'raw math: body > p "but',
    ),
    "never typeset": ('<p class="math">x</p>', r'raw math: "x"'),
    "error in math": ("<mjx-container><mjx-merror>bad</mjx-merror></mjx-container>", r'math error: "bad"'),
    "unknown command": (
        '<mjx-container><mjx-assistive-mml><mi mathcolor="red">\\a</mi></mjx-assistive-mml></mjx-container>',
        r'math error: "\\a"',
    ),
    # Pictures and names
    "image is gone": ('<img src="gone.png" alt="x">', r"missing image: gone\.png", r"failed request"),
    "image far below is gone": (
        '<div style="height: 20000px"></div><img loading="lazy" src="gone.png" alt="x">',
        r"missing image: gone\.png",
        r"failed request",
    ),
    "image is no image": ('<img src="data:image/png;base64,AAAA" alt="x">', r"missing image: data:"),
    "no alt": (f'<img src="{PIXEL}">', r"no text for: img data"),
    "empty alt": (f'<img src="{PIXEL}" alt=" ">', r"no text for: img data"),
    "name of a file as alt": (
        f'<img src="{PIXEL}" alt="../_images/a1.png">',
        r"the text is a file's name for: img",
    ),
    "silent drawing": (
        '<svg width="9" height="9"><rect width="9" height="9"/></svg>',
        r"no text for: body > svg",
    ),
    "drawing with an empty title": ('<svg role="img"><title> </title></svg>', r"no text for: body > svg"),
    "drawing without a role": ('<svg aria-label="x"></svg>', r"no text for: body > svg"),
    "canvas": ("<canvas></canvas>", r"no text for: body > canvas"),
    "frame": ('<iframe srcdoc="x"></iframe>', r"no text for: body > iframe"),
    "figure without a text": (
        WORDS.replace(' aria-label="three words"', ""),
        r"no role and text .*#llmlite-figure",
    ),
    "figure without a role": (WORDS.replace('role="group"', ""), r"no role and text .*#llmlite-figure"),
    "button": ("<button></button>", r"no name for <button>"),
    "button with a picture": (
        '<button class="b"><svg aria-hidden="true"></svg></button>',
        r'no name for <button class="b">',
    ),
    "link": ('<a href="#"><i></i></a>', r"no name for <a href"),
    "field": ("<input>", r"no name for <input>"),
    "label of nothing": ("<label>Name</label><textarea></textarea>", r"no name for <textarea>"),
    "slider": ('<input type="range">', r"no name for <input type"),
    # Width
    "wide block": ('<div style="width: 500px">x</div>', r"scrolls sideways: the page is 50. wide"),
    "wide code": ("<pre>" + "x" * 90 + "</pre>", r"scrolls sideways", r"cut off: body > pre"),
    "hidden by the page": (
        '<style>html, body { overflow-x: hidden }</style><p style="white-space: nowrap">'
        + "long " * 30
        + "</p>",
        r"cut off: body > p",
    ),
    "hidden by a box": (
        '<p style="overflow: hidden; white-space: nowrap">' + "long " * 30 + "</p>",
        r"cut off: body > p",
    ),
    "hidden image": (
        f'<p style="overflow: clip; width: 99px"><img src="{PIXEL}" alt="x" width="200"></p>',
        r"cut off: p > img",
    ),
    "left": ('<p style="margin-left: -50px">left</p>', r"cut off: body > p"),
    "text beside the drawing": (
        '<svg role="img" aria-label="x" viewBox="0 0 99 9" width="99"><text x="80" y="9">long</text></svg>',
        r"cut off: svg > text",
    ),
    "wide scroller": (f'<div style="width: 500px">{SCROLLER}</div>', r"scrolls sideways", r"cut off"),
    "scroller without focus": (
        SCROLLER.replace(' tabindex="0"', ""),
        r"scrolls and takes no focus: body > div",
    ),
    # Focus
    "no ring": ('<button style="outline: none">x</button>', r"the focus cannot be seen: body\. > button"),
    "clear ring": (
        '<a href="#" style="outline-color: transparent">x</a>',
        r"the focus cannot be seen: body\. > a",
    ),
    "no ring on a box": (
        '<div tabindex="0" style="outline: 0">x</div>',
        r"the focus cannot be seen: body\. > div",
    ),
    # Contrast
    "grey": ('<p style="color: #949494; background: #fff">weak</p>', r'contrast 3\.03 < 4\.5: .*p "weak"'),
    "almost large": (
        '<p style="font-size: 23px; color: #949494; background: #fff">weak</p>',
        r"contrast 3\.03 < 4\.5",
    ),
    "almost bold": (
        '<p style="font: 600 20px serif; color: #949494; background: #fff">weak</p>',
        r"contrast 3\.03 < 4\.5",
    ),
    "large": ('<p style="font-size: 24px; color: #999; background: #fff">weak</p>', r"contrast 2\.85 < 3:"),
    "ground of an ancestor": (
        '<div style="background: #777"><p><b style="color: #222">weak</b></p></div>',
        r"contrast 3\.55 < 4\.5: .*b",
    ),
    "thin ink": (
        '<p style="color: rgb(0 0 0 / 50%); background: #fff">weak</p>',
        r"contrast (3\.9|4\.0)\d < 4\.5",
    ),
    "faded": (
        '<div style="background: #fff"><p style="opacity: .5; color: #000">weak</p></div>',
        r"contrast (3\.9|4\.0)\d < 4\.5",
    ),
    "faded with its ground": (
        '<div style="background: #000"><p style="opacity: .5; color: #444; background: #fff">weak</p></div>',
        r"contrast (3\.9|4\.0)\d < 4\.5",
    ),
    "thin ground": (
        '<div style="background: #fff"><p style="background: rgb(0 0 0 / 50%); color: #222">weak</p></div>',
        r"contrast (3\.9|4\.0)\d < 4\.5",
    ),
    "other notation": (
        '<p style="color: color-mix(in srgb, #000 40%, #fff); background: oklch(1 0 0)">weak</p>',
        r"contrast 2\.85 < 4\.5",
    ),
    "placeholder": (
        "<style>::placeholder { color: #aaa } input { background: #fff }</style>"
        '<input aria-label="x" placeholder="weak">',
        r'contrast 2\.32 < 4\.5: .*input "weak"',
    ),
    "value": (
        '<input aria-label="x" value="weak" style="color: #999; background: #fff">',
        r"contrast 2\.85 < 4\.5",
    ),
    "disabled": (
        '<button disabled style="color: #999; background: #fff">weak</button>',
        r"contrast 2\.85 < 4\.5",
    ),
    "written by a style": (
        '<style>b::before { content: "weak"; color: #999; background: #fff }</style><b></b>',
        r'contrast 2\.85 < 4\.5: .*b::before "weak"',
    ),
    "faint icon": (
        '<style>b::after { content: "\\f002"; color: #aaa; background: #fff }</style><b></b>',
        r"contrast 2\.32 < 3: .*b::after",
    ),
    "math": (
        '<p class="math" style="color: #999; background: #fff"><mjx-container><i></i></mjx-container></p>',
        r"contrast 2\.85",
    ),
    "folded away": (
        '<details><summary>x</summary><p style="color: #999; background: #fff">weak</p></details>',
        r"contrast 2\.85",
    ),
    "on a drawing": (
        '<svg role="img" aria-label="x" width="200" height="60"><rect width="200" height="60" fill="#777"/>'
        '<text x="9" y="30" fill="#222">weak</text></svg>',
        r'contrast 3\.5\d < 4\.5: .*svg > text "weak"',
    ),
    "thin ink on a drawing": (
        '<svg role="img" aria-label="x" width="200" height="60"><rect width="200" height="60" fill="#fff"/>'
        '<g opacity=".5"><text x="9" y="30" fill="#000">weak</text></g></svg>',
        r"contrast (3\.9|4\.0)\d < 4\.5",
    ),
    "thin fill on a drawing": (
        '<svg role="img" aria-label="x" width="200" height="60"><rect width="200" height="60" fill="#fff"/>'
        '<text x="9" y="30" fill="#000" fill-opacity=".5">weak</text></svg>',
        r"contrast (3\.9|4\.0)\d < 4\.5",
    ),
    "small on a drawing": (
        '<svg role="img" aria-label="x" viewBox="0 0 400 90" width="200">'
        '<rect width="400" height="90" fill="#fff"/>'
        '<text x="9" y="50" font-size="30" fill="#949494">weak</text></svg>',
        r"contrast 3\.0\d < 4\.5",
    ),
    "on a gradient": (
        '<p style="color: #000; background: linear-gradient(#999, #333)">weak</p>',
        r"contrast 2\.\d+ < 4\.5",
    ),
    "on a picture": (f'<p style="color: #222; background: {GREY}">weak</p>', r"contrast 3\.5\d < 4\.5"),
    # Structure
    "two titles": ("<h1>Another</h1>", r"headings: 2 of level 1"),
    "a level left out": ("<h2>x</h2><h4>Deep</h4>", r'headings: h4 "Deep" skips a level'),
    "the first level left out": ("<h3>Deep</h3>", r'headings: h3 "Deep" skips a level'),
    "an id twice": (
        '<p id="a">x</p><svg aria-hidden="true"><g id="a"></g></svg>',
        r"the id is there twice: #a",
    ),
    # Figures
    "figure of an unknown kind": (
        '<div class="llmlite-new" role="group" aria-label="x" id="a">x</div>',
        r"kind 'new', which no driver",
    ),
}
