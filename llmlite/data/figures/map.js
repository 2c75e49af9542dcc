// A map of words. A word is chosen by typing it, by a tap near its point, by arrow keys, or among the neighbours.
const words = data.words.split(" ");
const find = (selector) => root.querySelector(selector);
const [field, map, lines, ring, label, hover, said, list] =
  ["input", "svg.map", ".lines", ".ring", ".label", ".hover", ".said", ".near"].map(find);
const marks = [...root.querySelectorAll(".marks > g > *")];
const kinds = [...root.querySelectorAll(".kinds button")];
let chosen = data.first;

function write(text, i) {
  const left = data.x[i] < map.viewBox.baseVal.width / 2;
  text.setAttribute("x", data.x[i] + (left ? 7 : -7));
  text.setAttribute("y", data.y[i] + 4);
  text.setAttribute("text-anchor", left ? "start" : "end");
  text.textContent = words[i];
}

function choose(i) {
  chosen = i;
  const [x, y, near] = [data.x[i], data.y[i], data.near[i]];
  lines.setAttribute("d", near.map((j) => `M${x} ${y}L${data.x[j]} ${data.y[j]}`).join(""));
  ring.setAttribute("cx", x);
  ring.setAttribute("cy", y);
  write(label, i);
  hover.textContent = "";
  const kind = data.kind[i] < 0 ? "" : ` (${data.kinds[data.kind[i]]})`;
  said.textContent = `${words[i]}${kind}: of its ${near.length} nearest words, ` +
    `${data.kept[i]} are among the ${near.length} nearest on the map.`;
  [...list.children].forEach((item, n) => {
    item.querySelector("button").textContent = words[near[n]];
    item.querySelector("span").textContent = (data.cosines[i][n] / 100).toFixed(2);
  });
}

function take(i) { // choose, and say so in the field
  choose(i);
  field.value = words[i];
}

// The word nearest to a point of the map; nothing where the mouse is not near any.
function wordAt(event, reach) {
  const { width } = map.viewBox.baseVal;
  const box = map.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.x) * width / box.width, (event.clientY - box.y) * width / box.width];
  const far = words.map((_, i) => Math.hypot(data.x[i] - x, data.y[i] - y));
  const best = far.indexOf(Math.min(...far));
  return far[best] <= reach ? best : undefined;
}

map.addEventListener("click", (event) => take(wordAt(event, Infinity)));
map.addEventListener("pointermove", (event) => {
  const i = event.pointerType === "mouse" ? wordAt(event, 12) : undefined;
  if (i === undefined || i === chosen) hover.textContent = "";
  else write(hover, i);
});
map.addEventListener("pointerleave", () => (hover.textContent = ""));

// Arrow keys go to the nearest word in a quarter of the plane.
const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
map.addEventListener("keydown", (event) => {
  const way = ways[event.key];
  if (!way) return;
  event.preventDefault();
  const far = words.map((_, i) => {
    const [x, y] = [data.x[i] - data.x[chosen], data.y[i] - data.y[chosen]];
    const ahead = x * way[0] + y * way[1];
    return ahead > 0 && ahead >= Math.abs(x * way[1] + y * way[0]) ? Math.hypot(x, y) : Infinity;
  });
  const best = far.indexOf(Math.min(...far));
  if (far[best] < Infinity) take(best);
});

field.readOnly = false;
const lower = (text) => text.trim().toLowerCase();
field.addEventListener("input", () => {
  const i = words.findIndex((word) => lower(word) === lower(field.value));
  if (i >= 0) choose(i);
});
field.addEventListener("change", () => { // the enter key, or the end of typing: the beginning of a word will do
  const typed = lower(field.value);
  const i = words.findIndex((word) => lower(word).startsWith(typed));
  if (!typed || lower(words[chosen]) === typed) return;
  if (i >= 0) take(i);
  else said.textContent = `No word on the map begins with “${field.value.trim()}”.`;
});
const options = document.createElement("datalist");
options.id = `${root.id}-words`;
options.append(...words.map((word) => Object.assign(document.createElement("option"), { value: word })));
field.after(options);
field.setAttribute("list", options.id);

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) take(words.indexOf(button.textContent));
});

kinds.forEach((button, kind) => button.addEventListener("click", () => {
  const lit = button.getAttribute("aria-pressed") !== "true";
  kinds.forEach((each) => each.setAttribute("aria-pressed", lit && each === button));
  marks.forEach((mark, i) => mark.classList.toggle("dim", lit && data.kind[i] !== kind));
}));
