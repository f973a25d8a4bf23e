// Keys of the desk: j k r n a s / ? and digits, one meaning everywhere; never while somebody types (P45.1).
(() => {
  "use strict";
  const typing = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) &&
    !(element.tagName === "INPUT" && /^(radio|checkbox|button|submit)$/.test(element.type));
  const visible = (element) => element.getClientRects().length > 0;

  function press(letter) {
    const target = [...document.querySelectorAll(`[data-key="${letter}"]`)].find(visible);
    if (!target) return false;
    target.focus();
    target.click();
    return true;
  }

  function step(by) {
    const rows = [...document.querySelectorAll("[data-rows] .row")].filter(visible);
    if (!rows.length) return false;
    const at = rows.findIndex((row) => row === document.activeElement);
    const current = at >= 0 ? at : rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[current < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, current + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function choose(digit) {
    const input = document.querySelector(`[data-digit="${digit}"]`);
    if (!input) return false;
    input.checked = true;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  function search() {
    const field = [...document.querySelectorAll("[data-search]")].find(visible);
    if (field) { field.focus(); field.select(); return true; }
    const link = document.querySelector("nav.rail a[href*='search'], nav.tabbar a[href*='search']");
    if (link) { location.assign(link.href); return true; }
    return false;
  }

  function help() {
    const dialog = document.getElementById("help");
    if (!dialog) return false;
    if (dialog.open) dialog.close(); else dialog.showModal();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const form = event.target instanceof HTMLElement && event.target.closest("form");
      if (form) { event.preventDefault(); form.requestSubmit(form.querySelector(".button[type=submit]")); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.body.dataset.keys === "off") return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    let done = false;
    if (event.key === "j" || event.key === "k") done = press(event.key) || step(event.key === "j" ? 1 : -1);
    else if ("rnas".includes(event.key) && event.key.length === 1) done = press(event.key);
    else if (event.key === "/") done = search();
    else if (event.key === "?") done = help();
    else if (/^[0-9]$/.test(event.key)) done = choose(event.key);
    else if (event.key === "Enter" && event.target.matches("[data-digit]")) {
      const button = document.querySelector("[data-enter]");
      if (button) { button.click(); done = true; }
    }
    if (done) event.preventDefault();
  });
})();
