"use strict";
// The page works without this: it adds keys and says how much room is left.
document.documentElement.classList.add("js");
const cards = [...document.querySelectorAll("article.card")];
let at = -1;

function go(step) {
  if (!cards.length) return;
  at = Math.min(Math.max(at + step, 0), cards.length - 1);
  cards[at].focus();
  cards[at].scrollIntoView({ block: "start" });
}

function press(value) {
  const card = cards[Math.max(at, 0)];
  if (card) card.querySelector(`button[value="${value}"]`).click();
}

const keys = {
  j: () => go(1),
  k: () => go(-1),
  a: () => press("approve"),
  e: () => cards[Math.max(at, 0)]?.querySelector("textarea").focus(),
  r: () => {
    const details = cards[Math.max(at, 0)]?.querySelector("details");
    if (!details) return;
    details.open = true;
    details.querySelector("input").focus();
  },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches("input, textarea")) event.target.closest("article")?.focus();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) return;
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

for (const words of document.querySelectorAll("textarea[data-longest]")) {
  const left = document.createElement("p");
  left.className = "quiet";
  left.setAttribute("aria-live", "polite");
  words.after(left);
  const segments = new Intl.Segmenter();
  const tell = () => {
    const room = Number(words.dataset.longest) - [...segments.segment(words.value)].length;
    left.textContent = `about ${room} characters left`;
    left.classList.toggle("over", room < 0);
  };
  words.addEventListener("input", tell);
  tell();
}
