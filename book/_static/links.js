// A click on the sign behind a heading or caption, on the number of a row, or on the tool of a figure copies an address.
// Where the browser gives no access to the clipboard, the link stays a link.
// The place that an address names is shown: boxes that hold it open, and the page stands at it once all is laid out.
(function () {
  "use strict";
  const said = document.createElement("div");
  said.className = "pb-copied";
  said.setAttribute("role", "status");
  const root = document.documentElement;
  let timer = 0;

  function say(text) {
    said.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { said.textContent = ""; }, 2000);
  }

  function show() {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch { /* no address of ours */ }
    if (!target) return;
    const waited = allAtOnce();
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const { top, bottom } = target.getBoundingClientRect();
    if (waited || bottom < 0 || top > window.innerHeight - 40) target.scrollIntoView();
  }

  // Tables that wait for the reader to come near have no height of their own: where a place is asked for, all is laid out.
  function allAtOnce() {
    const waited = root.classList.contains("pb-wait");
    root.classList.remove("pb-wait");
    return waited;
  }

  window.addEventListener("hashchange", show);
  window.addEventListener("load", show);
  document.addEventListener("DOMContentLoaded", () => document.body.append(said));
  document.addEventListener("click", (event) => {
    const tool = event.target.closest("a[data-do='link']");
    if (tool && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard.writeText(tool.href).then(() => say("Link copied"), () => { location.href = tool.href; });
    }
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    allAtOnce();
    const own = link.closest("tr[id]");
    const permanent = link.classList.contains("headerlink") || (own && link.hash === `#${own.id}`);
    if (link.href === location.href) show();
    if (permanent) navigator.clipboard?.writeText(link.href).then(() => say("Link copied"), () => {});
  });
})();
