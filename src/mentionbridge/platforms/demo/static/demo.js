"use strict";
// The pages work without this: it counts characters and lets new posts appear by themselves.

document.documentElement.classList.add("js");
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter() : null;
const length = (text) => (segmenter ? [...segmenter.segment(text)] : [...text]).length;

for (const area of document.querySelectorAll("textarea[data-limit]")) {
  const left = area.form.querySelector("[data-left]");
  const count = () => {
    const rest = Number(area.dataset.limit) - length(area.value.trim());
    left.textContent = rest < 100 ? rest : "";
    left.classList.toggle("over", rest < 0);
  };
  area.addEventListener("input", count);
  count();
}

for (const file of document.querySelectorAll("label.file input")) {
  file.addEventListener("change", () => {
    file.previousElementSibling.textContent = file.files.length ? file.files[0].name : "Add a picture";
    file.form.classList.toggle("pictured", file.files.length > 0);
  });
}

for (const region of document.querySelectorAll("[data-live]")) {
  let shown = null;
  const refresh = async () => {
    if (!document.hidden && !region.contains(document.activeElement)) {
      try {
        const answer = await fetch(region.dataset.live, { cache: "no-store" });
        const html = answer.ok ? await answer.text() : shown;
        if (shown !== null && html !== shown) region.innerHTML = html;
        shown = html;
      } catch {
        // The bridge is restarting; the next look will tell.
      }
    }
    setTimeout(refresh, 1000);
  };
  refresh();
}
