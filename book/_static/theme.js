// The page of a figure: light or dark as chosen in the report, else as the reader's system has it.
(function () {
  "use strict";
  let mode = null;
  try { mode = localStorage.getItem("mode"); } catch { /* storage may be forbidden */ }
  const dark = mode === "dark" || (mode !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
