// Texts with too little contrast inside a root, as a list of {what, ratio, least}; and those on pictures or drawings, whose
// ground only a screenshot shows: {what, least, ink, boxes}, the ink
// premultiplied, the boxes in the page.
(root) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const parse = (text) => { // any colour that CSS can write -> [red, green, blue, alpha], of which the first three are premultiplied
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [...[r, g, b].map((part) => (part * a) / 65025), a / 255]);
    }
    return known.get(text);
  };
  const over = (top, bottom) => top.map((part, i) => part + bottom[i] * (1 - top[3]));
  const fade = (colour, opacity) => colour.map((part) => part * opacity);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const contrast = (a, b) => {
    const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
    return (bright + 0.05) / (dark + 0.05);
  };

  // Under everything lies the browser's own paper, which is dark where a page says that it can be.
  const probe = document.documentElement.appendChild(document.createElement("i"));
  probe.style.backgroundColor = "Canvas";
  const paper = parse(getComputedStyle(probe).backgroundColor);
  probe.remove();

  // From a text outwards: the ground under it, the text on that ground, and the bare ink, each faded by what it stands in.
  const grounds = new Map();
  function layers(e) {
    if (!grounds.has(e)) {
      const style = getComputedStyle(e);
      const drawn = style.backgroundImage !== "none" || e.localName === "svg";
      grounds.set(e, { paint: parse(style.backgroundColor), opacity: Number(style.opacity), drawn });
    }
    return grounds.get(e);
  }
  function judge(e, ink, pseudo) {
    let [ground, text, bare, drawn] = [[0, 0, 0, 0], ink, ink, false];
    const under = ({ paint, opacity }) => {
      [ground, text] = [ground, text].map((colour) => fade(over(colour, paint), opacity));
      bare = fade(bare, opacity);
    };
    if (pseudo) under({ paint: parse(pseudo.backgroundColor), opacity: Number(pseudo.opacity) });
    for (let at = e; at; at = at.parentElement) {
      drawn ||= layers(at).drawn && ground[3] < 1;
      under(layers(at));
    }
    return { drawn, bare, ratio: contrast(over(text, paper), over(ground, paper)) };
  }

  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const forEarsOnly = (e) => e.closest("mjx-assistive-mml, .visually-hidden, .sr-only, script, style, noscript, title");
  const name = (e) => e.localName + [...e.classList].slice(0, 2).map((each) => `.${each}`).join("");
  const path = (e) => [e.parentElement?.parentElement, e.parentElement, e].filter(Boolean).map(name).join(" > ");
  const range = document.createRange();
  const found = new Map();
  function check(e, text, style, boxes, { paint = style.color, opacity = 1, pseudo = "", least = null, scale = 1 } = {}) {
    const size = parseFloat(style.fontSize) * scale;
    least ??= size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const { drawn, ratio, bare } = judge(e, fade(parse(paint), opacity), pseudo && style);
    if (!drawn && ratio >= least) return;
    const what = `${path(e)}${pseudo} "${text.trim().replace(/\s+/g, " ").slice(0, 30)}"`;
    const key = `${path(e)}${pseudo}${ratio.toFixed(2)}${drawn && what}`;
    if (drawn) boxes = boxes().map((b) => [b.x + scrollX, b.y + scrollY, b.width, b.height]).filter((b) => b[2] * b[3] > 0);
    if (!found.has(key)) found.set(key, drawn ? { what, least, ink: bare, boxes } : { what, least, ratio });
  }

  for (const e of [root, ...root.querySelectorAll("*:not(mjx-container *)")]) {
    if (!seen(e) || forEarsOnly(e)) continue;
    const style = getComputedStyle(e);
    const own = [...e.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
    const lines = () => own.flatMap((node) => (range.selectNodeContents(node), [...range.getClientRects()]));
    const whole = () => [e.getBoundingClientRect()];
    if (e instanceof SVGTextContentElement) {
      const options = { paint: style.fill, opacity: style.fillOpacity, scale: e.getScreenCTM()?.a ?? 1 };
      if (own.length) check(e, e.textContent, style, whole, options);
      continue;
    }
    if (e instanceof SVGElement) continue;
    if (own.length && lines().some((box) => box.width > 1)) check(e, own[0].data, style, lines);
    if (e.localName === "mjx-container") check(e, "math", style, whole);
    if (e.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea, select")) {
      check(e, e.value ?? "", style, whole);
      if (e.placeholder && !e.value) check(e, e.placeholder, style, whole, { paint: getComputedStyle(e, "::placeholder").color, opacity: getComputedStyle(e, "::placeholder").opacity });
    }
    for (const pseudo of ["::before", "::after"]) {
      const before = getComputedStyle(e, pseudo);
      const text = before.content.match(/^"(.*)"$/)?.[1] ?? "";
      if (!text.trim() || before.display === "none" || before.visibility === "hidden") continue;
      check(e, text, before, whole, { pseudo, least: /\p{Co}/u.test(text) ? 3 : null }); // a glyph of an icon font
    }
  }
  return [...found.values()];
}
