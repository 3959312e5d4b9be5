// Charts: the still in the page becomes an interactive chart when a reader comes near it.
// Without this script, or when it fails, the still stays.
(function () {
  "use strict";
  const here = document.currentScript.src;
  let vega = null;

  function load(address) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${address} could not be loaded`));
      document.head.append(script);
    });
  }

  // A dataset comes as columns, since names of fields in each row take more room than the data.
  function rows(set) {
    if (!set.columns) return set;
    const names = Object.keys(set.columns);
    return set.columns[names[0]].map((_, at) => Object.fromEntries(names.map((name) => [name, set.columns[name][at]])));
  }

  // The specification of a chart, with rows; each call gives a copy of its own.
  async function specification(chart) {
    const name = chart.dataset.figure;
    if (!self.policybookSpecs?.[name]) await load(chart.dataset.spec);
    const spec = structuredClone(self.policybookSpecs[name]);
    for (const [key, set] of Object.entries(spec.datasets)) spec.datasets[key] = rows(set);
    return spec;
  }
  self.policybook = { specification }; // for the other scripts of the page

  async function hydrate(chart) {
    const still = chart.querySelector(".pb-still");
    vega ??= load(new URL("vega.js", here).href);
    const [spec] = await Promise.all([specification(chart), vega]);
    // Vega measures text: the fonts must be there first, or labels are cut.
    await Promise.all(['12px "Source Sans 3"', '600 16px "Source Sans 3"'].map((font) => document.fonts.load(font)));
    await document.fonts.load('12px "Noto Sans SC"', JSON.stringify(spec));
    spec.config = { ...spec.config, aria: true };
    const live = document.createElement("div");
    live.className = "pb-live";
    live.setAttribute("role", "group");
    live.setAttribute("aria-label", still.querySelector("svg").getAttribute("aria-label"));
    live.style.visibility = "hidden";
    live.style.position = "absolute";
    chart.append(live);
    // Expressions are interpreted and no style is written into the page: a policy may forbid both (unsafe-eval, inline).
    const tooltip = { theme: "custom", disableDefaultStyle: true };
    await self.vegaEmbed(live, spec, { renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip });
    // Marks that nobody can name, such as the brush of a selection, are no pictures of their own (WCAG 2.2, 1.1.1).
    for (const mark of live.querySelectorAll('[role="graphics-symbol"]:not([aria-label])')) {
      mark.removeAttribute("role");
      mark.removeAttribute("aria-roledescription");
    }
    still.hidden = true;
    live.removeAttribute("style");
    chart.dataset.state = "live";
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      hydrate(entry.target).catch((error) => {
        entry.target.dataset.state = "still";
        entry.target.querySelector(".pb-live")?.remove();
        console.error(`chart ${entry.target.dataset.figure}: ${error.message}`);
      });
    }
  }, { rootMargin: "200px" });
  // Not before the reader does something: until then the still shows the same, and the page is drawn sooner.
  const acts = ["scroll", "pointermove", "pointerdown", "keydown"];
  function begin() {
    for (const act of acts) removeEventListener(act, begin, true);
    for (const chart of document.querySelectorAll(".pb-chart")) seen.observe(chart);
  }
  for (const act of acts) addEventListener(act, begin, { capture: true, passive: true });
})();
