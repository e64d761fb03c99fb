// What a page does besides being read. Without it every page is read and every form is sent all the same.
"use strict";
(() => {
  const closest = (event, selector) => event.target.closest && event.target.closest(selector);

  // A choice beside the box narrows the list down at once; what is empty is not sent along
  document.addEventListener("change", (event) => {
    const go = closest(event, "[data-go]");
    if (go) go.form.requestSubmit();
    const all = closest(event, "[data-all]");
    if (all) for (const box of all.form.querySelectorAll("input[name=id]")) box.checked = all.checked;
  });
  document.addEventListener("submit", (event) => {
    const sure = event.submitter && event.submitter.dataset.sure;
    if (sure && !window.confirm(sure)) return event.preventDefault();
    if (event.target.method === "get") {
      const columns = [...event.target.querySelectorAll("input[name=col]")];
      const changed = columns.some((box) => box.checked !== box.defaultChecked) || new URLSearchParams(location.search).has("col");
      for (const field of event.target.elements) if (field.name && !field.value || (field.name === "col" && !changed)) field.disabled = true;
      return;
    }
    // Twice clicked is once sent
    const buttons = event.target.querySelectorAll("button");
    setTimeout(() => buttons.forEach((button) => { button.disabled = true; }), 0);
  });
  // One drop at a time; Escape and a click elsewhere close it
  document.addEventListener("click", (event) => {
    for (const drop of document.querySelectorAll("details.drop[open]")) if (!drop.contains(event.target)) drop.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const drop of document.querySelectorAll("details.drop[open]")) { drop.open = false; drop.querySelector("summary").focus(); }
    const typing = closest(event, "input, textarea, select");
    if (event.key === "/" && !typing) { const box = document.getElementById("q"); if (box) { event.preventDefault(); box.focus(); } }
  });
  // A row leads to its record wherever it is clicked
  document.addEventListener("click", (event) => {
    const row = closest(event, "tbody tr");
    if (!row || closest(event, "a, button, input, label, select, summary") || String(window.getSelection())) return;
    const link = row.querySelector("a.row");
    if (link) link.click();
  });
  const narrow = window.matchMedia("(max-width: 800px)");
  const menu = document.getElementById("menu");
  if (menu && narrow.matches) menu.open = false;

  // What changes while a page is open is fetched anew; what the reader is filling in stays
  const model = document.body.dataset.live, id = document.body.dataset.liveId;
  const parts = ["rows", "record", "count", "life"];
  // Forms have a token of their own on each page
  const bare = (part) => part.innerHTML.replace(/(name="_(?:token|key)" value=")[^"]*/g, "$1");
  let due = 0;
  const refresh = async () => {
    due = 0;
    if (document.hidden) { due = 1; return; }
    const answer = await fetch(location.href, { headers: { "x-live": "1" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const now = document.getElementById(part), next = page.getElementById(part);
      if (!now || !next || now.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, [aria-expanded]")) continue;
      if (now.querySelector("input:checked, details[open]")) continue;
      if (bare(now) !== bare(next)) { now.replaceWith(document.importNode(next, true)); htmx.process(document.getElementById(part)); document.getElementById(part).classList.add("fresh"); }
    }
    document.dispatchEvent(new CustomEvent("live"));
  };
  const heard = (event) => {
    let change;
    try { change = JSON.parse(event.data); } catch { return; }
    document.dispatchEvent(new CustomEvent("heard", { detail: change }));
    if (!model || change.model !== model && !(document.body.dataset.liveAlso || "").split(" ").includes(change.model)) return;
    if (id && change.model === model && String(change.id ?? change.res_id ?? change.record_id) !== id) return;
    if (!due) due = setTimeout(refresh, 400);
  };
  if ((model || document.body.dataset.liveAll !== undefined) && window.EventSource) {
    const source = new EventSource("/events");
    source.onmessage = heard;
    source.addEventListener("change", heard);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && due === 1) refresh(); });
    window.addEventListener("pagehide", () => source.close());
  }
})();
