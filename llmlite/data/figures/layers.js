// A text read at several depths: words choose the place, depths choose the shade. Arrow keys move either choice.
const words = [...root.querySelectorAll(".words button")];
const depths = [...root.querySelectorAll(".depths button")];
const rows = [...root.querySelectorAll("tbody tr")];

function press(buttons, chosen) {
  buttons.forEach((button, i) => {
    button.setAttribute("aria-pressed", i === chosen);
    button.tabIndex = i === chosen ? 0 : -1;
  });
}

function chooseWord(word) {
  press(words, word);
  rows.forEach((row, i) => {
    const [share, text, choices] = data.cells[word][(i + 1) % rows.length]; // the truth comes first there, last here
    row.querySelector(".bar").style.setProperty("--share", share);
    row.querySelector(".share span:last-child").textContent = text;
    row.querySelector(".choices").textContent = choices;
  });
}

function chooseDepth(depth) {
  press(depths, depth);
  words.forEach((word, i) => word.style.setProperty("--lost", data.lost[i][depth]));
}

function answer(buttons, choose, keys) {
  buttons.forEach((button, i) => {
    button.addEventListener("click", () => choose(i));
    button.addEventListener("keydown", (event) => {
      const step = keys[event.key];
      if (!step) return;
      event.preventDefault();
      const next = Math.min(Math.max(i + step, 0), buttons.length - 1);
      choose(next);
      buttons[next].focus();
    });
  });
}

answer(words, chooseWord, { ArrowRight: 1, ArrowLeft: -1 });
answer(depths, chooseDepth, { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 });
chooseWord(data.first);
chooseDepth(depths.length - 1);
