// A text whose words can be chosen: bars show what could have stood there. Arrow keys move the choice.
const buttons = [...root.querySelectorAll(".words button")];
const panel = root.querySelector(".bars");
const svg = (name, attributes, text = "") => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
};

function choose(chosen) {
  buttons.forEach((button, i) => {
    button.setAttribute("aria-pressed", i === chosen);
    button.tabIndex = i === chosen ? 0 : -1;
  });
  const [rows, values] = [data.rows[chosen], data.values[chosen]];
  const picture = svg("svg", { viewBox: `0 0 560 ${24 * rows.length + 26}`, role: "img" });
  picture.append(svg("title", {}, rows.map(([word], i) => `${word} ${values[i]}`).join("; ")));
  data.labels.forEach((label, i) => {
    picture.append(svg("rect", { class: `bar-${i}`, x: 150 + 170 * i, y: 3, width: 12, height: 12 }));
    picture.append(svg("text", { x: 167 + 170 * i, y: 14 }, label));
  });
  rows.forEach(([word, ...probs], i) => {
    const y = 26 + 24 * i;
    const name = svg("text", { x: 140, y: y + 14, "text-anchor": "end" }, word);
    if (word === buttons[chosen].textContent) name.setAttribute("class", "stands");
    picture.append(name);
    probs.forEach((p, j) =>
      picture.append(svg("rect", { class: `bar-${j}`, x: 150, y: y + 9 * j, width: Math.max(310 * p, 0.5), height: 8 })));
    const end = 156 + 310 * Math.max(...probs);
    picture.append(svg("text", { x: end, y: y + 14, class: "value" }, values[i]));
  });
  panel.replaceChildren(picture);
}

buttons.forEach((button, i) => {
  button.addEventListener("click", () => choose(i));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.min(Math.max(i + step, 0), buttons.length - 1);
    choose(next);
    buttons[next].focus();
  });
});
choose(data.first);
