// What happens now: console.js hears it, and this shows it. What comes from the hub is text, and stays text.
"use strict";
(() => {
  const MOST = 200;
  const box = document.getElementById("live"), rows = document.getElementById("live-rows"), none = document.getElementById("live-none");
  const choice = document.getElementById("live-model"), pause = document.getElementById("live-pause"), state = document.getElementById("live-state");
  const labels = new Map([...choice.options].map((option) => [option.value, option.textContent]));
  const clock = new Intl.DateTimeFormat("fr-FR", { timeZone: box.dataset.zone, day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  let paused = false, waiting = [], wanted = new Map(), due = 0;
  box.hidden = false;
  state.hidden = false;
  document.getElementById("live-tools").hidden = false;

  const tell = (what) => {
    if (paused && what !== "paused") return;
    state.textContent = state.dataset[what];
    state.className = "badge " + { on: "good", off: "bad", paused: "going" }[what];
  };
  tell("off");
  const cell = (row, child) => { const of = document.createElement("td"); of.append(child); row.append(of); return of; };
  const element = (name, text) => { const of = document.createElement(name); of.textContent = text; return of; };

  const show = (change) => {
    const row = document.createElement("tr");
    row.dataset.model = change.model;
    row.hidden = Boolean(choice.value) && choice.value !== change.model;
    const at = new Date(change.at), time = element("time", isNaN(at) ? String(change.at ?? "") : clock.format(at));
    if (!isNaN(at)) time.dateTime = at.toISOString();
    cell(row, time);
    cell(row, document.createTextNode(labels.get(change.model) || change.model));
    if (change.kind === "deleted") cell(row, element("bdi", "n° " + change.id));
    else {
      const link = element("a", "n° " + change.id);
      link.href = "/web/" + encodeURIComponent(change.model) + "/" + encodeURIComponent(change.id);
      link.className = "row";
      cell(row, link);
      name(change, link);
    }
    const what = element("span", box.dataset[change.kind] || change.kind);
    what.className = "badge " + ({ created: "good", deleted: "bad" }[change.kind] || "");
    cell(row, what);
    rows.prepend(row);
    while (rows.childElementCount > MOST) rows.lastElementChild.remove();
    none.hidden = true;
  };

  // Names in one question a model, for what came within a moment
  const name = (change, link) => {
    if (!labels.has(change.model)) return;
    const ids = wanted.get(change.model) || wanted.set(change.model, new Map()).get(change.model);
    ids.set(String(change.id), (ids.get(String(change.id)) || []).concat(link));
    if (!due) due = setTimeout(ask, 150);
  };
  const ask = async () => {
    const asked = wanted;
    wanted = new Map();
    due = 0;
    for (const [model, links] of asked) {
      const ids = [...links.keys()].slice(0, MOST);
      const answer = await fetch("/web/live/names?model=" + encodeURIComponent(model) + "&ids=" + ids.join(","), { headers: { "x-live": "1" } }).catch(() => null);
      if (!answer || !answer.ok || answer.redirected) continue;
      const names = await answer.json();
      for (const [id, of] of links) if (names[id]) for (const link of of) link.replaceChildren(element("bdi", names[id]));
    }
  };

  document.addEventListener("heard", (event) => {
    tell("on");
    if (!paused) return show(event.detail);
    waiting = waiting.concat(event.detail).slice(-MOST);
  });
  document.addEventListener("stream", (event) => tell(event.detail ? "on" : "off"));
  choice.addEventListener("change", () => { for (const row of rows.children) row.hidden = Boolean(choice.value) && choice.value !== row.dataset.model; });
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? pause.dataset.go : pause.dataset.pause;
    pause.setAttribute("aria-pressed", String(paused));
    tell(paused ? "paused" : "on");
    if (!paused) { waiting.forEach(show); waiting = []; }
  });
})();
