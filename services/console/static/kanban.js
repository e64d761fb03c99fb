// Cards of a board are dragged; each has a form that does the same, which is what is sent.
"use strict";
(() => {
  const main = document.getElementById("main");
  let card = null;
  const stageOf = (event) => card && event.target.closest && event.target.closest(".stage");
  const over = (stage) => { for (const one of document.querySelectorAll(".stage.over")) if (one !== stage) one.classList.remove("over"); if (stage) stage.classList.add("over"); };

  document.addEventListener("dragstart", (event) => {
    card = event.target.closest && event.target.closest(".lead[draggable]");
    if (!card) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.id);
    card.classList.add("dragged");
  });
  document.addEventListener("dragend", () => { if (card) card.classList.remove("dragged"); card = null; over(null); });
  document.addEventListener("dragover", (event) => {
    const stage = stageOf(event);
    over(stage);
    if (stage) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
  });
  document.addEventListener("drop", async (event) => {
    const stage = stageOf(event), moved = card;
    if (!stage) return;
    event.preventDefault();
    const from = moved.closest(".stage");
    if (from === stage) return;
    const form = moved.querySelector("form");
    form.elements.stage.value = stage.dataset.stage;
    const list = stage.querySelector("ul");
    if (list) list.prepend(moved);
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    // Away, or logged out: the form itself leads there
    if (!answer || new URL(answer.url).pathname.endsWith("/login")) return form.submit();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("main"), board = document.getElementById("rows");
    const at = board ? board.scrollLeft : 0;
    if (!next) return location.reload();
    main.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
    const now = document.getElementById("rows");
    if (now) now.scrollLeft = at;
  });
})();
