// The tools under a figure: a big view, the data as a table. Without this script they are links to files.
(function () {
  "use strict";
  let dialog = null;

  function open(title, name, body, closed) {
    dialog?.close();
    dialog = document.createElement("dialog");
    dialog.className = "pb-dialog";
    dialog.setAttribute("aria-label", `${name}: ${title}`);
    const head = document.createElement("div");
    head.className = "pb-dialog-head";
    const words = document.createElement("p");
    words.textContent = title;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    head.append(words, close);
    dialog.append(head, body);
    const shown = dialog;
    // The tooltip of a chart is made once for the page: it must lie within the dialog to be seen over it.
    const tooltip = (home) => {
      const box = document.getElementById("vg-tooltip-element");
      if (box && box.parentElement !== home) home.append(box);
    };
    shown.addEventListener("pointermove", () => tooltip(shown));
    shown.addEventListener("click", (event) => { if (event.target === shown) shown.close(); });
    shown.addEventListener("close", () => {
      tooltip(document.body);
      closed?.();
      shown.remove();
      if (dialog === shown) dialog = null;
    });
    document.body.append(shown);
    shown.showModal();
  }

  function enlarge(figure, title) {
    const chart = figure.querySelector(".pb-chart");
    const place = document.createElement("div");
    place.className = "pb-chart";
    place.style.height = `${chart.getBoundingClientRect().height}px`;
    const box = document.createElement("div");
    box.className = "pb-dialog-body";
    box.tabIndex = 0;
    chart.replaceWith(place);
    box.append(chart);
    const fit = () => fill(chart, box);
    const size = new ResizeObserver(fit);
    open(title, "Big view", box, () => {
      size.disconnect();
      for (const drawing of chart.querySelectorAll("svg")) drawing.style.removeProperty("width");
      place.replaceWith(chart);
    });
    size.observe(box);
    fit();
  }

  // As large as the window allows with the whole chart in view, and never smaller than it was drawn.
  function fill(chart, box) {
    const room = [box.clientWidth - 36, window.innerHeight * 0.94 - 110];
    for (const drawing of chart.querySelectorAll(".pb-still > svg, .pb-live svg.marks")) {
      const { width, height } = drawing.viewBox.baseVal;
      if (width) drawing.style.width = `${Math.max(width, Math.min(room[0], (room[1] * width) / height))}px`;
    }
  }

  async function rowsOf(chart) {
    // The rule by which the file of data was made: the named dataset, else the longest.
    const spec = await self.policybook.specification(chart);
    const sets = spec.datasets ?? {};
    return sets[spec.data?.name] ?? Object.values(sets).reduce((most, rows) => (rows.length > most.length ? rows : most), []);
  }

  async function data(figure, title) {
    const rows = await rowsOf(figure.querySelector(".pb-chart"));
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const table = document.createElement("table");
    const caption = table.createCaption();
    caption.textContent = `${rows.length} rows`;
    const head = table.createTHead().insertRow();
    for (const column of columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = column;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const column of columns) {
        const cell = line.insertCell();
        const value = row[column];
        if (typeof value === "number") cell.className = "num";
        cell.textContent = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
      }
    }
    const box = document.createElement("div");
    box.className = "pb-dialog-body pb-table";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Data of the figure");
    box.append(table);
    open(title, "Data", box);
  }

  const jobs = { enlarge, data };
  for (const tool of document.querySelectorAll(".pb-menu [data-do]")) tool.setAttribute("role", "button");
  document.addEventListener("click", (event) => {
    const tool = event.target.closest(".pb-menu [data-do]");
    const job = tool && jobs[tool.dataset.do];
    if (!job || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const figure = tool.closest("figure");
    // What cannot be shown is followed as the link that it is without this script.
    Promise.resolve(job(figure, figure.querySelector(".caption-text").textContent)).catch(() => { location.href = tool.href; });
  });
  // A button answers to the space bar, a link does not.
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches?.(".pb-menu [data-do]")) return;
    event.preventDefault();
    event.target.click();
  });
})();
