// Long tables: search and sorting in the browser, by DataTables (MIT licence, in vendor/), and lists to choose from.
(function () {
  "use strict";
  // Not before the reader does something: until then a table shows all of its rows, and the page is drawn sooner.
  // One table at a time, so that the page answers in between. A link to a row needs its table at once.
  const waiting = [...document.querySelectorAll(".pb-search table")];
  const here = document.currentScript.src;
  const acts = ["scroll", "pointermove", "pointerdown", "keydown", "focusin", "hashchange"];

  function next() {
    const table = waiting.shift();
    if (!table) return;
    begin(table);
    setTimeout(next);
  }

  function start() {
    for (const act of acts) removeEventListener(act, start, true);
    // Without it the tables stay whole, as they are.
    const script = document.createElement("script");
    script.src = new URL("vendor/datatables.min.js", here).href;
    script.onload = next;
    document.head.append(script);
  }

  for (const act of acts) addEventListener(act, start, { capture: true, passive: true });
  if (location.hash) start();

  function begin(table) {
    const columns = [...table.querySelectorAll("col")].map((column) => column.className);
    const api = new window.DataTable(table, {
      paging: table.tBodies[0].rows.length > 60,
      pageLength: 25,
      order: [],
      autoWidth: false,
      layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: "paging" },
      language: { search: "Search", info: "_TOTAL_ rows", infoFiltered: "of _MAX_", infoEmpty: "no row" },
    });
    // DataTables puts columns of its own in the place of those of the page.
    table.querySelectorAll("col").forEach((column, at) => { column.className = columns[at] ?? ""; column.removeAttribute("style"); });
    // Several tables of a page have pages of their own: each list of them is named after its table.
    const named = table.caption?.querySelector(".caption-number")?.textContent.trim() ?? "table";
    const name = () => table.closest(".dt-container").querySelector("nav")?.setAttribute("aria-label", `Pages of ${named}`);
    api.on("draw", name);
    name();
    addFilters(table, api);
    addReveal(table, api);
  }

  // A link to a row that is on another page of its table, or was searched away, brings the row back.
  function addReveal(table, api) {
    const reveal = () => {
      const id = namedBy(location.hash);
      const row = id && api.rows().nodes().toArray().find((node) => node.id === id);
      if (!row || row.isConnected) return;
      for (const list of table.closest(".dt-container").querySelectorAll(".pb-filters select")) {
        list.value = "";
        list.dispatchEvent(new Event("change"));
      }
      api.search("");
      const place = api.rows({ order: "current", search: "none" }).nodes().toArray().indexOf(row);
      api.page(Math.floor(place / api.page.len())).draw("page");
      location.replace(location.hash); // once more, now that the row is there: to scroll, and for :target
    };
    window.addEventListener("hashchange", reveal);
    // A link to the place that the address names already changes no address.
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href*='#']");
      if (link && link.href === location.href) reveal();
    });
    reveal();
  }

  function namedBy(hash) {
    try {
      return decodeURIComponent(hash.slice(1));
    } catch {
      return "";
    }
  }

  function addFilters(table, api) {
    const labels = JSON.parse(table.tHead.dataset.filters ?? "[]");
    if (!labels.length) return;
    const values = api.rows().nodes().toArray().map((row) => labels.map((_, at) => JSON.parse(row.getAttribute(`data-filter-${at}`))));
    const line = document.createElement("div");
    line.className = "pb-filters";
    labels.forEach((text, at) => {
      const label = document.createElement("label");
      const list = document.createElement("select");
      const choices = [...new Set(values.flatMap((row) => row[at]))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      for (const choice of ["", ...choices]) list.add(new Option(choice || "all", choice));
      list.addEventListener("change", () => {
        const wanted = list.value;
        api.search.fixed(`filter-${at}`, wanted ? (_text, _data, row) => values[row][at].includes(wanted) : null).draw();
      });
      label.append(text, list);
      line.append(label);
    });
    table.closest(".dt-container").prepend(line);
  }
})();
