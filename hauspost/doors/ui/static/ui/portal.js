// The request form and answers of the portal, made comfortable. Without script everything has its way, too.
(() => {
  "use strict";
  const store = (() => { try { localStorage.setItem("hauspost", "1"); return localStorage; } catch { return null; } })();
  const MOST_DAYS = 7;

  // Only the kinds below the chosen tile; the select keeps no hidden choices, which some phones would still offer.
  function kindsOfTile(form) {
    const field = form.querySelector("[data-kinds]"), list = field?.querySelector("select");
    if (!list) return;
    const groups = [...list.querySelectorAll("optgroup")];
    const show = () => {
      const about = form.elements.about.value, before = list.value;
      for (const group of groups) group.remove();
      const mine = groups.find((group) => group.dataset.of === about);
      if (mine) list.append(mine);
      list.value = [...list.options].some((option) => option.value === before) ? before : "";
      field.hidden = !mine;
    };
    form.addEventListener("change", (event) => { if (event.target.name === "about") show(); });
    form.showKinds = show;
    show();
  }

  // The places of the chosen site come when it is chosen.
  function placesOfSite(form) {
    const site = form.querySelector("[data-places]"), places = form.querySelector("#location");
    if (!site || !places) return;
    form.querySelector("[name=show]").hidden = true;
    const show = async (wanted = "") => {
      const asked = site.value;
      const answer = await fetch(`${site.dataset.places}?part=places&site=${encodeURIComponent(asked)}`, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected || site.value !== asked) return;
      places.innerHTML = await answer.text();
      places.value = wanted;
      if (places.selectedIndex < 0) places.value = "";
    };
    site.addEventListener("change", () => { places.value = ""; show().catch(() => {}); });
    form.showPlaces = show;
  }

  // What was typed survives a reload, until the server has confirmed it (P23).
  function keepForm(form) {
    if (!store) return;
    const key = `form:${form.dataset.keep}`;
    const fields = () => [...form.elements].filter((one) => one.name && !["file", "hidden", "submit", "button"].includes(one.type));
    const typed = () => Object.fromEntries(fields().filter((one) => one.type !== "radio" || one.checked).map((one) => [one.name, one.value]));
    const first = JSON.stringify(typed());
    let timer = 0;
    const keep = () => {
      clearTimeout(timer);
      const now = JSON.stringify(typed());
      try { now === first ? store.removeItem(key) : store.setItem(key, JSON.stringify({ at: Date.now(), typed: JSON.parse(now) })); } catch { /* full: nothing is kept */ }
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(keep, 300); };
    const put = (was) => {
      for (const one of fields()) {
        if (!(one.name in was)) continue;
        if (one.type === "radio") one.checked = one.value === was[one.name];
        else one.value = was[one.name];
      }
      form.showKinds?.();
      if (form.elements.kind && "kind" in was) form.elements.kind.value = was.kind;
      form.showPlaces?.(was.location || "").catch(() => {});
    };
    const kept = read(key);
    if (form.hasAttribute("data-fresh") && kept) {
      put(kept);
      tell(form, () => { store.removeItem(key); put(JSON.parse(first)); });
    }
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    form.addEventListener("submit", keep);
    addEventListener("pagehide", () => { if (timer) keep(); });
  }
  function read(key) {
    try {
      const kept = JSON.parse(store.getItem(key) || "null");
      if (kept && Date.now() - kept.at < MOST_DAYS * 86400000) return kept.typed;
      store.removeItem(key);
    } catch { store.removeItem(key); }
    return null;
  }
  function tell(form, discard) {
    const said = document.createElement("div"), words = document.createElement("div"), button = document.createElement("button");
    said.className = "said";
    said.setAttribute("role", "status");
    words.textContent = form.dataset.kept;
    button.type = "button";
    button.className = "link";
    button.textContent = form.dataset.discard;
    button.addEventListener("click", () => { discard(); said.remove(); form.querySelector("#subject")?.focus(); });
    said.append(words, button);
    form.querySelector("h1").after(said);
  }
  function dropKept() {
    const sent = document.querySelector("[data-asked]");
    if (sent && store) store.removeItem(`form:${sent.dataset.asked}`);
  }

  // Photos join the files; all are listed, and too many are refused before anything is uploaded (P36.2).
  function listFiles(field) {
    const form = field.closest("form"), [input, camera] = field.querySelectorAll("input[type=file]");
    const list = document.createElement("ul"), wrong = document.createElement("p");
    list.className = "chosen";
    wrong.className = "wrong";
    wrong.setAttribute("role", "alert");
    field.classList.add("listed");
    field.append(list, wrong);
    let all = [];
    const put = (files) => { const box = new DataTransfer(); for (const file of files) box.items.add(file); input.files = box.files; };
    const size = () => all.reduce((sum, file) => sum + file.size, 0);
    const number = (bytes, digits) => (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
    const refused = () => {
      const bad = size() > Number(field.dataset.most);
      wrong.textContent = bad ? field.dataset.toobig.replace("{found}", `${number(size(), 1)} MB`).replace("{allowed}", `${number(Number(field.dataset.most), 1)} MB`) : "";
      return bad;
    };
    const show = () => {
      list.replaceChildren(...all.map((file) => {
        const row = document.createElement("li"), name = document.createElement("span"), weight = document.createElement("span"), out = document.createElement("button");
        name.textContent = file.name;
        weight.className = "num";
        weight.textContent = file.size < 1e6 ? `${Math.max(1, Math.round(file.size / 1000)).toLocaleString(document.documentElement.lang)} kB` : `${number(file.size, 1)} MB`;
        out.type = "button";
        out.className = "link";
        out.textContent = "×";
        out.setAttribute("aria-label", field.dataset.remove.replace("{name}", file.name));
        out.addEventListener("click", () => { all = all.filter((one) => one !== file); put(all); show(); input.focus(); });
        row.append(name, weight, out);
        return row;
      }));
      refused();
    };
    const take = (files) => {
      for (const file of files) if (!all.some((one) => one.name === file.name && one.size === file.size && one.lastModified === file.lastModified)) all.push(file);
      put(all);
      show();
    };
    input.addEventListener("change", () => take(input.files));
    camera?.addEventListener("change", () => { const files = [...camera.files]; camera.value = ""; take(files); });
    form.addEventListener("submit", (event) => {
      if (!refused()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      wrong.scrollIntoView({ block: "center" });
    });
  }

  // One tap sends once.
  function sendOnce(form) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sending) { event.preventDefault(); return; }
      form.dataset.sending = "1";
      setTimeout(() => { for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true; });
    });
    addEventListener("pageshow", () => {
      delete form.dataset.sending;
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
    });
  }

  dropKept();
  for (const field of document.querySelectorAll("[data-files]")) listFiles(field);
  for (const form of document.querySelectorAll("form[data-keep]")) { kindsOfTile(form); placesOfSite(form); keepForm(form); }
  for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
})();
