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

  // A table that is wider than the screen is moved by the keyboard too
  const reach = () => {
    for (const box of document.querySelectorAll(".table")) {
      const caption = box.querySelector("caption");
      if (box.scrollWidth <= box.clientWidth || box.querySelector("a[href], button, input:not([type=hidden]), select")) continue;
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      if (caption) box.setAttribute("aria-label", caption.textContent);
    }
  };
  reach();
  document.addEventListener("live", reach);
  document.addEventListener("toggle", reach, true);

  // What changes while a page is open is fetched anew; what the reader is filling in stays
  const model = document.body.dataset.live, id = document.body.dataset.liveId;
  const parts = ["rows", "record", "count", "life", "state"];
  // Forms have a token of their own on each page
  const bare = (part) => part.innerHTML.replace(/(name="_(?:token|key)" value=")[^"]*/g, "$1");
  // Who goes by the keyboard stays where they were
  const stops = (part) => [...part.querySelectorAll("a[href], button, summary")];
  const put = (now, next) => {
    const at = stops(now).indexOf(document.activeElement), fresh = document.importNode(next, true);
    now.replaceWith(fresh);
    htmx.process(fresh);
    fresh.classList.add("fresh");
    if (at >= 0 && stops(fresh)[at]) stops(fresh)[at].focus({ preventScroll: true });
  };
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
      if (now.querySelector("input:checked, details[open]:not([data-open])")) continue;
      if (bare(now) !== bare(next)) put(now, next);
    }
    document.dispatchEvent(new CustomEvent("live"));
    return page;
  };
  // What no event tells of is asked for again, ever less often, until it is over
  const again = (wait) => setTimeout(async () => {
    const page = await refresh().catch(() => null);
    if (!page || page.body.dataset.again !== undefined) again(Math.min(wait * 1.5, 30000));
  }, wait);
  if (document.body.dataset.again !== undefined) again(700);
  const heard = (event) => {
    let change;
    try { change = JSON.parse(event.data); } catch { return; }
    document.dispatchEvent(new CustomEvent("heard", { detail: change }));
    if (!model || change.model !== model && !(document.body.dataset.liveAlso || "").split(" ").includes(change.model)) return;
    if (id && change.model === model && String(change.id) !== id) return;
    if (!due) due = setTimeout(refresh, 400);
  };
  if ((model || document.body.dataset.liveAll !== undefined) && window.EventSource) {
    const source = new EventSource("/events");
    // The door's names of events
    for (const kind of ["created", "updated", "deleted"]) source.addEventListener(kind, heard);
    const stream = (is) => document.dispatchEvent(new CustomEvent("stream", { detail: is }));
    source.addEventListener("open", () => stream(true));
    source.addEventListener("error", () => stream(false));
    document.addEventListener("visibilitychange", () => { if (!document.hidden && due === 1) refresh(); });
    window.addEventListener("pagehide", () => source.close());
  }
})();
