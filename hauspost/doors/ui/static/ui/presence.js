// Who else reads or writes here: asked every eight seconds while the page is in sight, and told when it is left (P24.1, P24.4).
(() => {
  "use strict";
  const form = document.getElementById("presence");
  if (!form) return;
  const EVERY = 8000, WRITES_FOR = 20000;
  let timer = 0, wroteAt = -Infinity;

  function tell(doing, more) {
    const told = new URLSearchParams(new FormData(form));
    told.set("doing", doing);
    told.set("shown", [...new Set([...document.querySelectorAll("[data-there]")].map((place) => place.dataset.there))].join(","));
    return fetch(form.action, { method: "POST", body: told, credentials: "same-origin", ...more });
  }

  function drawn({ writes, initials, words }, whole) {
    const there = document.createElement("span"), shown = document.createElement("span");
    there.className = writes ? "there writes" : "there";
    there.title = words;
    shown.className = "names";
    shown.textContent = whole ? words : initials;
    const symbol = document.querySelector(writes ? "template[data-writes]" : "template[data-reads]");
    there.append(symbol.content.cloneNode(true), shown);
    if (whole) return there;
    const said = document.createElement("span");
    said.className = "sr";
    said.textContent = words;
    shown.setAttribute("aria-hidden", "true");
    there.append(said);
    return there;
  }

  function put(place, told, whole = false) {
    const words = told ? `${told.writes} ${told.words}` : "";
    if (!place || (place.dataset.told || "") === words) return;
    place.dataset.told = words;
    place.replaceChildren(...(told ? [drawn(told, whole)] : []));
  }

  async function ask() {
    clearTimeout(timer);
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await tell(performance.now() - wroteAt < WRITES_FOR ? "writing" : "reading");
      // Signed out, or another page altogether: nobody is told of any more.
      if (!answer.ok && answer.status < 500) return;
      if (answer.ok) {
        const { here, rows } = await answer.json();
        put(document.querySelector("[data-there-here]"), here, true);
        for (const place of document.querySelectorAll("[data-there]")) put(place, rows[place.dataset.there]);
      }
    } catch { /* The network is away: the next time. */ }
    clearTimeout(timer);
    timer = setTimeout(ask, EVERY);
  }

  document.addEventListener("input", (event) => {
    if (!event.target.closest?.("#composer textarea")) return;
    const isNews = performance.now() - wroteAt >= WRITES_FOR;
    wroteAt = performance.now();
    if (isNews) ask();
  });
  document.addEventListener("visibilitychange", ask);
  addEventListener("pagehide", () => { if (form.elements.here.value) tell("gone", { keepalive: true }).catch(() => {}); });
  ask();
})();
