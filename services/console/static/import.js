// A file that is chosen is put into the box whose text is sent.
"use strict";
(() => {
  const chosen = document.getElementById("file"), box = document.getElementById("csv"), name = document.getElementById("name");
  if (!chosen || !box) return;
  chosen.closest(".field").hidden = false;
  chosen.addEventListener("change", async () => {
    const file = chosen.files[0];
    if (!file) return;
    const bytes = await file.arrayBuffer();
    // Spreadsheets write UTF-8, or what Windows had before it
    let text;
    try { text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { text = new TextDecoder("windows-1252").decode(bytes); }
    box.value = text;
    if (name) name.value = file.name;
  });
})();
