// A click on the sign behind a heading or caption, or on the number of a row, also copies its address.
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
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    const own = link.closest("tr[id]");
    const permanent = link.classList.contains("headerlink") || (own && link.hash === `#${own.id}`);
    if (permanent) navigator.clipboard?.writeText(link.href).then(() => say("Link copied"), () => {});
  });
})();
