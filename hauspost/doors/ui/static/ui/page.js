// Small comforts. Everything here has its way without script too.
(() => {
  "use strict";
  const store = (() => { try { localStorage.setItem("hauspost", "1"); return localStorage; } catch { return null; } })();

  // Drafts: what is being written is kept in this browser until the server has confirmed it (P23).
  function keepDrafts(root) {
    for (const form of root.querySelectorAll("form[data-draft]")) {
      const text = form.querySelector("textarea"), state = form.querySelector("[data-draftstate]");
      if (!text || form.dataset.kept) continue;
      form.dataset.kept = "1";
      const key = `draft:${form.dataset.draft}`;
      if (store && !text.value) text.value = store.getItem(key) || "";
      const keep = () => {
        let words = "";
        try { text.value.trim() ? store.setItem(key, text.value) : store.removeItem(key); words = text.value.trim() ? state?.dataset.kept : ""; }
        catch { words = state?.dataset.lost; state?.classList.add("bad"); }
        if (state) state.textContent = words || "";
      };
      let timer = 0;
      text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 400); });
      form.addEventListener("submit", () => { clearTimeout(timer); keep(); });
    }
  }
  function dropSentDrafts() {
    const sent = document.querySelector("[data-sent]");
    if (!sent || !store) return;
    store.removeItem(`draft:${sent.dataset.ticket}:${sent.dataset.sent}`);
    const here = new URL(location.href);
    here.searchParams.delete("sent");
    history.replaceState(null, "", here);
  }

  // The names of chosen files stand beside their button, which alone is seen of the field.
  document.documentElement.classList.add("scripted");
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-attach]")) return;
    event.target.parentElement.querySelector("[data-chosen]").textContent = [...event.target.files].map((file) => file.name).join(", ");
  });

  // The send button names whom it reaches, also after a box was unticked (P6.1).
  function nameRecipients(root) {
    for (const button of root.querySelectorAll("[data-send]")) {
      const form = button.form, words = button.querySelector("span");
      if (!form || button.dataset.named) continue;
      button.dataset.named = "1";
      const name = () => {
        const to = [...form.querySelectorAll("input[name=to]:checked")].map((box) => box.value);
        button.disabled = to.length === 0;
        if (!to.length) return;
        const sentence = [button.dataset.one, button.dataset.two, button.dataset.many][Math.min(to.length - 1, 2)];
        words.textContent = sentence.replace("%(address)s", to[0]).replace("%(count)s", String(to.length - 1));
      };
      form.addEventListener("change", (event) => { if (event.target.name === "to") name(); });
    }
  }

  // The time to undo runs down in sight (P6.4); afterwards the button goes.
  function countDown(root) {
    for (const span of root.querySelectorAll("[data-leaves]")) {
      const form = span.closest("form"), ends = Number(span.dataset.leaves) * 1000;
      const tick = () => {
        if (!form.isConnected) return;
        const left = Math.ceil((ends - Date.now()) / 1000);
        if (left <= 0) { form.remove(); return; }
        const button = form.querySelector("button");
        button.dataset.left = String(left);
        setTimeout(tick, 1000);
      };
      tick();
    }
  }

  // Files can be dropped on a form, and pictures pasted into its text (P20.5).
  function takeFiles(root) {
    const add = (input, files) => {
      const all = new DataTransfer();
      for (const file of [...input.files, ...files]) all.items.add(file);
      input.files = all.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    for (const form of root.querySelectorAll("form[enctype='multipart/form-data']")) {
      const input = form.querySelector("input[type=file]");
      if (!input || form.dataset.takes) continue;
      form.dataset.takes = "1";
      const zone = form.querySelector("[data-drop]") || form;
      form.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); zone.classList.add("over"); } });
      form.addEventListener("dragleave", () => zone.classList.remove("over"));
      form.addEventListener("drop", (event) => { zone.classList.remove("over"); if (event.dataTransfer.files.length) { event.preventDefault(); add(input, event.dataTransfer.files); } });
      form.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) { event.preventDefault(); add(input, event.clipboardData.files); } });
    }
  }

  // Choosing from the long list is choosing "other".
  function linkChoices(root) {
    for (const list of root.querySelectorAll("[data-chooses]")) {
      const group = list.closest("fieldset"), radio = group?.querySelector(`input[type=radio][value="${list.dataset.chooses}"]`);
      if (!radio || list.dataset.linked) continue;
      list.dataset.linked = "1";
      const show = () => { list.hidden = !radio.checked; };
      group.addEventListener("change", (event) => { show(); if (event.target === radio) list.focus(); });
      show();
    }
  }

  // What was searched for is marked in the opened ticket too, folded parts included (P16.4).
  function markFound() {
    const query = new URL(location.href).searchParams.get("find");
    const record = document.getElementById("record");
    if (!query || !record || !window.Highlight || !CSS.highlights) return;
    const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/ß/g, "ss");
    const words = fold(query).split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1);
    const ranges = [], walker = document.createTreeWalker(record, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && ranges.length < 500; node = walker.nextNode()) {
      const folded = fold(node.data);
      if (folded.length !== node.data.length) continue;
      for (const word of words) {
        for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
    for (const range of ranges) range.startContainer.parentElement?.closest("details")?.setAttribute("open", "");
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function comfort(root) {
    keepDrafts(root); nameRecipients(root); countDown(root); takeFiles(root); linkChoices(root);
  }

  let waitingFiles = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const old = event.target.matches?.("#composer") && event.target.querySelector("input[type=file]");
    waitingFiles = old && old.files.length ? old.files : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    comfort(document);
    const composer = document.getElementById("composer");
    const input = composer?.querySelector("input[type=file]");
    if (input && waitingFiles) { input.files = waitingFiles; waitingFiles = null; }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt?.isConnected ? event.detail.elt : document;
    const field = part.querySelector?.("[autofocus]");
    if (field) field.focus();
  });

  // The list beside a ticket shows where one is.
  document.querySelector(".reading [data-rows] [aria-current]")?.scrollIntoView({ block: "nearest" });
  dropSentDrafts();
  comfort(document);
  markFound();
})();
