// Terms of the glossary: their tips, on hover and on focus (WCAG 2.2, 1.4.13: dismissable, hoverable, persistent).
// Without this script a term is a link to its entry in the glossary.
(function () {
  "use strict";
  const ROOM = 8;
  let term = null, tip = null, timer = 0, opened = false;

  const within = (place, most) => Math.max(ROOM, Math.min(place, most - ROOM));
  const termAt = (event) => event.target.closest?.("a.pb-term") ?? null;

  function later(action, wait) {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  }

  function show(link) {
    clearTimeout(timer);
    if (link === term) return;
    hide();
    tip = document.getElementById(link.getAttribute("aria-describedby"));
    if (!tip) return;
    term = link;
    tip.hidden = false;
    place();
  }

  function hide() {
    clearTimeout(timer);
    if (tip) tip.hidden = true;
    term = tip = null;
  }

  // Under the term, over it where there is no room; on small windows the style sheet decides between the two edges.
  function place() {
    if (!tip) return;
    const lines = [...term.getClientRects()], first = lines[0], last = lines.at(-1);
    if (!first) return;
    const wide = document.documentElement.clientWidth, high = window.innerHeight;
    const below = last.bottom + ROOM / 2, above = first.top - tip.offsetHeight - ROOM / 2;
    const under = below + tip.offsetHeight <= high || above < ROOM;
    tip.style.left = `${within((under ? last : first).left, wide - tip.offsetWidth)}px`;
    tip.style.top = `${within(under ? below : above, high - tip.offsetHeight)}px`;
    tip.classList.toggle("pb-above", last.bottom > high - tip.offsetHeight - ROOM);
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = termAt(event);
    if (link) later(() => show(link), 120);
    else if (tip?.contains(event.target)) clearTimeout(timer);
    else if (term && document.activeElement !== term) later(hide, 250);
    else clearTimeout(timer);
  });
  document.documentElement.addEventListener("pointerleave", () => {
    if (document.activeElement !== term) later(hide, 250);
  });
  document.addEventListener("focusin", (event) => {
    const link = termAt(event);
    if (link) show(link);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === term && !tip.matches(":hover")) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  // A finger cannot hover: the first tap shows the tip, the second one follows the link.
  document.addEventListener("pointerdown", (event) => {
    const link = termAt(event);
    opened = event.pointerType === "touch" && link !== null && link !== term;
    if (!link && !tip?.contains(event.target)) hide();
  });
  document.addEventListener("click", (event) => {
    const link = termAt(event);
    if (link && opened) {
      event.preventDefault();
      show(link);
    }
    opened = false;
  });

  // Charts above a term change their height when they come alive.
  new ResizeObserver(place).observe(document.body);
  for (const change of ["scroll", "resize"]) window.addEventListener(change, place, { passive: true, capture: true });
})();
