// A click on the sign behind a heading or caption, on the number of a row, or on the tool of a figure copies an address.
// Where the browser gives no access to the clipboard, the link stays a link.
(function () {
  "use strict";
  const said = document.createElement("div");
  said.className = "pb-copied";
  said.setAttribute("role", "status");
  let timer = 0;

  function say(text) {
    said.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { said.textContent = ""; }, 2000);
  }

  document.addEventListener("DOMContentLoaded", () => document.body.append(said));
  document.addEventListener("click", (event) => {
    const tool = event.target.closest("a[data-do='link']");
    if (tool && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard.writeText(tool.href).then(() => say("Link copied"), () => { location.href = tool.href; });
    }
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    const own = link.closest("tr[id]");
    const permanent = link.classList.contains("headerlink") || (own && link.hash === `#${own.id}`);
    if (permanent) navigator.clipboard?.writeText(link.href).then(() => say("Link copied"), () => {});
  });
})();
