// Long tables: search and sorting in the browser, by DataTables (MIT licence, in vendor/).
(function () {
  "use strict";
  for (const table of document.querySelectorAll(".pb-search table")) {
    new window.DataTable(table, {
      paging: table.tBodies[0].rows.length > 60,
      pageLength: 25,
      order: [],
      autoWidth: false,
      layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: "paging" },
      language: { search: "Search", info: "_TOTAL_ rows", infoFiltered: "of _MAX_", infoEmpty: "no row" },
    });
  }
})();
