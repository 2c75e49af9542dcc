// What is wrong with the page that is open, as a list of texts. The argument is the width of the screen.
async (width) => {
  const problems = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 60);
  const one = (e) => e.localName + [...e.classList].slice(0, 2).map((name) => `.${name}`).join("");
  const name = (e) => (e.id ? `#${e.id}` : e.parentElement ? `${one(e.parentElement)} > ${one(e)}` : one(e));
  const report = (kind, texts) => problems.push(...new Set(texts.map((text) => `${kind}: ${text}`)));

  // Math: no source is left, outside code and in what is read aloud, and everything marked as math is typeset.
  const source = /\\[()[\]]|\\begin\{|\$\$|\$[^\s$]([^$]*[^\s$])?\$(?!\d)/;
  const blocks = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("code, pre, kbd, script, style, textarea, noscript, mjx-container, .tex2jax_ignore")) continue;
    const block = parent.closest("p, li, td, th, dt, dd, h1, h2, h3, h4, summary, figcaption, div, text") ?? parent;
    blocks.set(block, (blocks.get(block) ?? "") + walker.currentNode.data);
  }
  report("raw math", [...blocks].filter(([, text]) => source.test(text)).map(([e, text]) => `${name(e)} "${short(text)}"`));
  for (const key of ["alt", "aria-label", "title"]) {
    report("raw math", all(`[${key}]`).filter((e) => source.test(e.getAttribute(key))).map((e) => `${key} of ${name(e)}`));
  }
  if (source.test(document.title)) report("raw math", ["the title of the page"]);
  report("raw math", all(".math").filter((e) => !e.querySelector("mjx-container")).map((e) => `"${short(e.textContent)}"`));
  // MathJax writes a command that it does not know in red, and anything else that is wrong as an error.
  const wrong = "mjx-container :is(mjx-merror, mjx-assistive-mml merror, mjx-assistive-mml [mathcolor=red])";
  report("math error", all(wrong).map((e) => `"${short(e.textContent)}"`));

  // Pictures: they are there, and each says in words what it shows.
  const images = all("img");
  const there = await Promise.all(images.map((e) => {
    e.loading = "eager";
    return e.decode().then(() => true, () => false);
  }));
  report("missing image", images.filter((e, i) => !there[i]).map((e) => e.getAttribute("src") ?? name(e)));
  const said = (e) => (e.getAttribute("aria-label") ?? e.getAttribute("alt") ?? e.title ?? "").trim()
    || (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("").trim()
    || (e.matches("svg") && e.querySelector(":scope > title")?.textContent.trim());
  const silent = (e) => e.closest('[aria-hidden="true"], [role="presentation"], [role="none"]');
  const inside = (e) => e.parentElement.closest('svg, mjx-container, [role="img"][aria-label]');
  report("no text for", all("img").filter((e) => !silent(e) && !said(e)).map((e) => `img ${e.getAttribute("src")}`));
  report("the text is a file's name for", images
    .filter((e) => /\.(png|svg|jpe?g|gif|webp)$/i.test(e.alt)).map((e) => `img ${e.getAttribute("src")}`));
  report("no text for", all("svg, canvas, video, iframe, object, embed").filter((e) => seen(e) && !silent(e) && !inside(e))
    .filter((e) => !said(e) || (e.matches("svg") && !/^(img|group|graphics-)/.test(e.getAttribute("role") ?? ""))).map(name));
  report("no role and text for the interactive figure", all('[class^="llmlite-"]')
    .filter((e) => !e.getAttribute("role") || !e.getAttribute("aria-label")?.trim()).map(name));

  // Width: the page does not scroll sideways, and nothing ends behind an edge; wide things scroll inside themselves.
  const page = document.documentElement;
  if (page.scrollWidth > width) report("scrolls sideways", [`the page is ${page.scrollWidth} wide`]);
  const styles = new Map();
  const style = (e) => styles.get(e) ?? styles.set(e, getComputedStyle(e)).get(e);
  const forEarsOnly = (e) => style(e).clip !== "auto" || style(e).clipPath !== "none" || e.offsetWidth === 1;
  const cut = (rect, parent) => {
    for (let e = parent; e && e !== document.body; e = e.parentElement) {
      const [box, overflow] = [e.getBoundingClientRect(), style(e).overflowX];
      if (overflow === "visible") continue;
      if (forEarsOnly(e)) return false;
      if (overflow === "auto" || overflow === "scroll") rect = box; // whatever is in there can be reached
      else if (style(e).textOverflow === "ellipsis") rect = box; // it says itself that there is more
      else if (rect.right > box.right + 1 || rect.left < box.left - 1) return true;
    }
    return rect.right > width + 1 || rect.left < -1;
  };
  const range = document.createRange();
  const lines = (text) => (range.selectNodeContents(text), [...range.getClientRects()]);
  const holds = (e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim() && lines(node).some((rect) => cut(rect, e)));
  report("cut off", all("body *").filter((e) => !e.closest("mjx-assistive-mml, script, style, noscript") && seen(e))
    .filter((e) => (e.matches("img, svg, canvas, input, button, mjx-container, iframe") && cut(e.getBoundingClientRect(), e.parentElement)) || holds(e))
    .map((e) => `${name(e)} "${short(e.textContent)}"`));
  const reached = "a[href], button, input, textarea, select, summary, [tabindex]";
  report("scrolls and takes no focus", all("body *")
    .filter((e) => /auto|scroll/.test(style(e).overflowX) && e.scrollWidth > e.clientWidth + 1 && seen(e))
    .filter((e) => e.tabIndex < 0 && !e.querySelector(reached)).map(name));

  // Structure: a language, a title, headings in order, ids that are unique.
  if (!page.lang) report("no language", ["html has no lang"]);
  if (!document.title.trim()) report("no title", ["the page"]);
  const headings = all("h1, h2, h3, h4, h5, h6").filter((e) => e.checkVisibility());
  const first = headings.filter((e) => e.localName === "h1").length;
  if (first !== 1) report("headings", [`${first} of level 1`]);
  report("headings", headings.filter((e, i) => i && e.localName[1] - headings[i - 1].localName[1] > 1)
    .map((e) => `${e.localName} "${short(e.textContent)}" skips a level`));
  const ids = all("[id]").map((e) => e.id);
  report("the id is there twice", ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `#${id}`));
  return problems;
}
