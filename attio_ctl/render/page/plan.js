"use strict";
(() => {
  const tools = document.querySelector(".tools");
  if (!tools) return;
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const boxes = [...tools.querySelectorAll("input[data-class]")];
  const chapters = [...document.querySelectorAll(".chapter")];
  const resources = [...document.querySelectorAll(".resource")].map((element) => ({
    element,
    kind: element.closest(".chapter").dataset.class,
    head: element.querySelector("summary").textContent.toLowerCase(),
    lines: [...element.querySelectorAll("li")].map((line) => [line, line.textContent.toLowerCase()]),
  }));
  tools.hidden = false;

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = new Set(boxes.filter((box) => box.checked).map((box) => box.dataset.class));
    const has = (text) => words.every((word) => text.includes(word));
    let seen = 0;
    for (const { element, kind, head, lines } of resources) {
      const whole = has(head);
      const fits = lines.map(([, text]) => whole || has(head + " " + text));
      lines.forEach(([line], index) => line.classList.toggle("gone", !fits[index]));
      const shown = kinds.has(kind) && (whole || fits.some(Boolean));
      element.classList.toggle("gone", !shown);
      if (shown && words.length) element.open = true;
      seen += shown ? 1 : 0;
    }
    for (const chapter of chapters) {
      chapter.classList.toggle("gone", !chapter.querySelector(".resource:not(.gone)"));
    }
    found.textContent = seen === resources.length ? "" : `${seen} of ${resources.length} resources`;
  }

  function step(by) {
    const heads = resources.filter((r) => !r.element.classList.contains("gone"))
      .map((r) => r.element.querySelector("summary"));
    if (!heads.length) return;
    const at = heads.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : heads.length - 1) : Math.min(Math.max(at + by, 0), heads.length - 1);
    heads[next].focus();
  }

  search.addEventListener("input", show);
  boxes.forEach((box) => box.addEventListener("change", show));
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("click", (event) => {
    const fold = event.target.dataset.fold;
    if (fold) resources.forEach((r) => { r.element.open = fold === "open"; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      search.value = "";
      boxes.forEach((box) => { box.checked = true; });
      show();
      document.activeElement.blur();
    } else if (event.target === search) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "j" || event.key === "k") {
      step(event.key === "j" ? 1 : -1);
    }
  });
})();
