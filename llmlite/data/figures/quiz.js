// A quiz: each text has two buttons; the answer and what to notice open once one is pressed.
const items = [...root.querySelectorAll("li")];
const score = root.querySelector(".score");
const given = new Array(items.length).fill(null);
items.forEach((item, i) => {
  const note = item.querySelector("details");
  note.hidden = true;
  item.querySelectorAll("button").forEach((button) => button.addEventListener("click", () => {
    if (given[i] !== null) return;
    given[i] = button.dataset.choice === data.answers[i];
    button.setAttribute("aria-pressed", "true");
    item.classList.add(given[i] ? "right" : "wrong");
    note.hidden = false;
    note.open = true;
    const done = given.filter((g) => g !== null);
    score.textContent = `${done.filter(Boolean).length} of ${done.length} right`;
  }));
});
