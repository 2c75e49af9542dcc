// Clocks of rotary positions. The same numbers as in llmlite/viz/clock.py, drawn again at each move.
const [, HAND, SHORT, WIDTH, HEIGHT, EDGE] = data.sizes;
const radios = [...root.querySelectorAll("input[type=radio]")];
const sliders = [...root.querySelectorAll("input[type=range]")]; // query, key
const both = root.querySelector("input[type=checkbox]");
const faces = [...root.querySelectorAll(".faces div")];
const [line, mark, said] = [".curve polyline", ".curve .now", ".said"].map((name) => root.querySelector(name));
let pairs = data.vectors[0];
let places = [...data.places];

const sum = (values) => values.reduce((total, value) => total + value, 0);
const number = (value) => {
  const shown = Math.abs(value).toFixed(2);
  return value < 0 && Number(shown) ? `−${shown}` : shown;
};

// What each pair adds to the score of a query that stands so many places after its key.
const products = (distance) => pairs.map(([qx, qy, kx, ky], i) => {
  const angle = distance * data.speeds[i];
  return (qx * kx + qy * ky) * Math.cos(angle) + (qx * ky - qy * kx) * Math.sin(angle);
});

function point(distance) {
  const most = sum(pairs.map(([qx, qy, kx, ky]) => Math.hypot(qx, qy) * Math.hypot(kx, ky))) || 1;
  const x = EDGE + (WIDTH - 2 * EDGE) * (distance + data.last) / Math.max(2 * data.last, 1);
  return [x, HEIGHT / 2 - (HEIGHT / 2 - EDGE) * sum(products(distance)) / most].map((v) => v.toFixed(1));
}

function turn(hand, x, y, place, speed, length) {
  const angle = Math.atan2(y, x) + place * speed;
  hand.setAttribute("x2", (length * Math.sin(angle)).toFixed(1));
  hand.setAttribute("y2", (-length * Math.cos(angle)).toFixed(1));
}

function draw() {
  const distance = places[0] - places[1];
  const added = products(distance);
  faces.forEach((face, i) => {
    const [qx, qy, kx, ky] = pairs[i];
    turn(face.querySelector(".query"), qx, qy, places[0], data.speeds[i], HAND);
    turn(face.querySelector(".key"), kx, ky, places[1], data.speeds[i], SHORT);
    face.querySelector(".product").textContent = number(added[i]);
  });
  sliders.forEach((slider, i) => {
    slider.value = places[i];
    slider.parentElement.querySelector("output").textContent = places[i];
  });
  const [x, y] = point(distance);
  mark.setAttribute("cx", x);
  mark.setAttribute("cy", y);
  const far = String(distance).replace("-", "−");
  said.textContent = `query at ${places[0]}, key at ${places[1]}: distance ${far}, score ${number(sum(added))}`;
}

function choose(chosen) {
  pairs = data.vectors[chosen];
  radios.forEach((radio, i) => (radio.checked = i === chosen));
  const distances = Array.from({ length: 2 * data.last + 1 }, (_, i) => i - data.last);
  line.setAttribute("points", distances.map((distance) => point(distance).join(",")).join(" "));
  draw();
}

// Where both move, neither leaves the row of places, so their distance stays.
function move(which, to) {
  let step = to - places[which];
  if (both.checked) {
    const low = -Math.min(...places);
    const high = data.last - Math.max(...places);
    step = Math.min(Math.max(step, low), high);
    places = places.map((place) => place + step);
  } else {
    places[which] += step;
  }
  draw();
}

radios.forEach((radio, i) => {
  radio.name = `${root.id}-vectors`; // one of them at a time, and the arrow keys walk along them
  radio.addEventListener("click", () => choose(i)); // the arrow keys click, too
});
sliders.forEach((slider, i) => slider.addEventListener("input", () => move(i, Number(slider.value))));
[...radios, ...sliders, both].forEach((control) => (control.disabled = false));
choose(0);
