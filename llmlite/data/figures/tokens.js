// A text field, and what tokenizers make of it. Tokens are strings of one character, 0 to 255, for each byte.
const toBytes = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
const hex = (token) =>
  Array.from(token, (c) => c.charCodeAt().toString(16).padStart(2, "0").toUpperCase()).join(" ");

// Byte pair encoding: of all neighbours that make a token, the two that make the lowest id are merged first.
function encodeWord(word, ranks) {
  const parts = toBytes(word);
  if (ranks.has(parts.join(""))) return [ranks.get(parts.join(""))];
  const made = (i) => ranks.get(parts[i] + parts[i + 1]) ?? Infinity; // the id that i and its neighbour make
  const ids = parts.slice(1).map((_, i) => made(i));
  while (ids.length) {
    const i = ids.reduce((best, id, j) => (id < ids[best] ? j : best), 0);
    if (ids[i] === Infinity) break;
    parts.splice(i, 2, parts[i] + parts[i + 1]);
    ids.splice(i, 1);
    if (i > 0) ids[i - 1] = made(i - 1);
    if (i < ids.length) ids[i] = made(i);
  }
  return parts.map((part) => ranks.get(part));
}

// In the data, a space stands between two tokens, and bytes that cannot be seen are spelled 256 higher.
function tokenizer({ tokens, pattern }) {
  const lowered = (c) => String.fromCharCode(c.charCodeAt() & 255);
  const known = tokens.split(" ").map((token) => token.replace(/[^\x21-\xff]/g, lowered));
  const ranks = new Map(known.map((token, id) => [token, id]));
  const space = { "\\s": "\\p{White_Space}", "\\S": "\\P{White_Space}" }; // \s means less in JavaScript
  const pieces = new RegExp(pattern.replace(/\\s/gi, (letter) => space[letter]), "gu");
  const seen = new Map();
  const encode = (text) => (text.match(pieces) ?? []).flatMap((word) => {
    if (!seen.has(word)) seen.set(word, encodeWord(word, ranks));
    return seen.get(word);
  });
  return { known, encode };
}

// What cannot be seen is shown by a mark or by its bytes, as in `spelled` of llmlite/viz.py.
function spelled(token) {
  let [text, unseen, bytes] = [token, data.unseen[1], hex];
  try {
    const numbers = Uint8Array.from(token, (c) => c.charCodeAt());
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(numbers);
    [unseen, bytes] = [data.unseen[0], (hidden) => hex(toBytes(hidden))];
  } catch { /* a part of a character */ }
  const sign = (found) => data.marks[found] ?? `⟨${bytes(found)}⟩`;
  return text.replace(new RegExp(`[ \\n\\t]|${unseen}`, "g"), sign).replace(/^(?=\p{M})/u, "◌");
}

const area = root.querySelector("textarea");
const element = (tag, textContent, more = {}) =>
  Object.assign(document.createElement(tag), { textContent, ...more });

const rows = data.tokenizers.map((each, n) => {
  const { known, encode } = tokenizer(each);
  const [count, strip, line] = [".count", ".strip", ".token"].map((name) => root.querySelectorAll(name)[n]);
  let ids = [];
  const chips = () => [...strip.querySelectorAll("button")];

  function describe(chip) {
    const place = chips().indexOf(chip);
    const token = known[ids[place]];
    strip.querySelector("[aria-current]")?.removeAttribute("aria-current");
    chip.setAttribute("aria-current", "true");
    const bytes = token.length === 1 ? "byte" : "bytes";
    line.textContent = `${spelled(token)} is token ${ids[place]}, ${bytes} ${hex(token)}`;
  }

  strip.addEventListener("pointerover", (event) => event.target.matches("button") && describe(event.target));
  strip.addEventListener("click", (event) => event.target.matches("button") && event.target.focus());
  strip.addEventListener("focusin", (event) => {
    chips().forEach((chip) => (chip.tabIndex = chip === event.target ? 0 : -1));
    describe(event.target);
  });
  strip.addEventListener("keydown", (event) => {
    const all = chips();
    const place = all.indexOf(event.target);
    const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all[Math.min(Math.max(next, 0), all.length - 1)].focus();
  });

  const draw = () => {
    ids = encode(area.value);
    count.textContent = `${ids.length} token${ids.length === 1 ? "" : "s"}`;
    const drawn = ids.slice(0, data.most).map((id, i) =>
      element("button", spelled(known[id]), { type: "button", tabIndex: i ? -1 : 0 }));
    const rest = ids.length - drawn.length;
    strip.replaceChildren(...drawn, ...(rest ? [element("i", `and ${rest} more`)] : []));
    line.textContent = n === 0 && ids.length ? "Choose a token to see its number and its bytes." : "";
  };
  return { name: each.name, encode, draw };
});

const draw = () => rows.forEach((row) => row.draw());
root.encode = (name, text) => rows.find((row) => row.name === name).encode(text);
root.querySelector(".examples").append(...data.examples.map((text) => {
  const button = element("button", text.replace(/\s*\n\s*/g, " ⏎ "), { type: "button" });
  button.addEventListener("click", () => ((area.value = text), draw()));
  return button;
}));
area.readOnly = false;
area.addEventListener("input", draw);
draw();
