// The search page: what the report holds (asks, claims, standards, terms, figures ...), found in find-index.js, above the
// pages that Sphinx's own search finds. Works from disk; texts of the data reach the page as text nodes only.
(function () {
  "use strict";
  const index = window.policybookFind;
  const box = document.getElementById("pb-find");
  if (!index || !box) return;
  const LONGEST = 200, MOST_WORDS = 12, SHOWN = 6;
  const STOP = new Set(["a", "an", "and", "are", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "what", "with"]);
  const LOW = new Set(["source", "data", "column"]); // asked for less often than the rest
  const HAN = /^\p{Script=Han}/u;
  const WORDS = /\p{Script=Han}+|[^\P{L}\p{Script=Han}]+|\p{N}+/gu;

  // Sphinx would load every page that it finds, to cut a summary out of it: heavy, and not to be had from disk.
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  // Said in our words (Documentation.addTranslations makes a function of a text, which a strict policy forbids).
  Object.assign(Documentation.TRANSLATIONS, {
    "Search Results": "Pages with these words",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "No page has all of these words in its text.",
    "Search finished, found ${resultCount} page(s) matching the search query.": "Found: ${resultCount}",
  });

  // ------------------------------------------------------------------------------------------------------- matching

  // Letters without their marks, in small: suànlì is found by suanli.
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const squeeze = (text) => fold(text).replace(/[^\p{L}\p{N}]/gu, "");
  // British and American spelling are one: labelling and labeling, organise and organize, centre and center.
  const spell = (word) => word.replace(/([a-z])\1/g, "$1").replace(/is(e[ds]?|ing|ation)s?$/, "iz$1").replace(/our/g, "or").replace(/tre(s?)$/, "ter$1");
  const words = (text) => fold(text).match(WORDS) ?? [];
  const slug = (key) => key.toLowerCase().replace(/[^a-z0-9]+/g, "-"); // as finding.slug does

  const entries = [];
  for (const [kind, page, before, off, rows] of index.groups) {
    for (const [key, title = "", chinese = "", more = "", anchor = ""] of rows) {
      const id = off && key.startsWith(off) ? key.slice(off.length) : key;
      entries.push({ kind, named: index.kinds[kind], page, key, title: title || key, chinese, more, href: `${index.folder}${page}.html#${anchor || before + slug(id)}` });
    }
  }
  const FIELDS = [["key", 6], ["title", 5], ["chinese", 5], ["more", 2], ["named", 1]];
  for (const entry of entries) {
    entry.words = FIELDS.map(([name]) => words(entry[name]));
    entry.spelled = entry.words.map((all) => all.map(spell));
    entry.folded = FIELDS.map(([name]) => fold(entry[name]));
    entry.squeezed = FIELDS.map(([name]) => squeeze(entry[name]));
  }

  // How well a word of the query stands in a field: whole, as a beginning, within.
  function fit(word, entry, at) {
    if (HAN.test(word)) return entry.folded[at].includes(word) ? 3 : 0;
    if (entry.words[at].includes(word)) return 3;
    if (word.length < 2) return 0;
    if (entry.words[at].some((one) => one.startsWith(word))) return 2;
    if (word.length > 4 && word.endsWith("s") && entry.words[at].includes(word.slice(0, -1))) return 2;
    if (word.length > 3 && entry.spelled[at].includes(spell(word))) return 2;
    return word.length > 2 && !/^\p{N}/u.test(word) && entry.folded[at].includes(word) ? 1 : 0;
  }

  const weight = (word, entry) => Math.max(...FIELDS.map(([, heavy], at) => heavy * fit(word, entry, at)));

  // The words of the index that differ from a word by a slip or two of the pen.
  function near(word) {
    const most = word.length > 7 ? 2 : 1;
    const close = new Set();
    for (const entry of entries) {
      for (const one of entry.words.flat()) {
        if (Math.abs(one.length - word.length) <= most && one[0] === word[0] && apart(one, word, most) <= most) close.add(one);
      }
    }
    return [...close];
  }

  // Edits between two words, a swap of neighbours as one (optimal string alignment); more than `most` is only known as more.
  function apart(a, b, most) {
    let last = [], row = Array.from({ length: b.length + 1 }, (_, at) => at);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1] ? 0 : 1;
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], last[j - 2] + 1);
      }
      if (Math.min(...next) > most) return most + 1;
      [last, row] = [row, next];
    }
    return row[b.length];
  }

  // Each word of a query with the words that are looked for in its place, and what was put in place of what.
  function plan(query) {
    const asked = [...new Set(words(query))].slice(0, MOST_WORDS);
    const told = asked.filter((word) => !STOP.has(word));
    const parts = [], instead = [];
    const whole = squeeze(query);
    if (entries.some((entry) => entry.squeezed[0] === whole)) return { parts: told.map((word) => [word]), instead };
    for (const word of told.length ? told : asked) {
      if (entries.some((entry) => weight(word, entry))) parts.push([word]);
      else if (HAN.test(word)) for (let at = 0; at < word.length - 1; at++) parts.push([word.slice(at, at + 2)]);
      else {
        const close = word.length > 3 ? near(word) : [];
        parts.push(close.length ? close : [word]);
        if (close.length) instead.push([word, close]);
      }
    }
    return { parts, instead };
  }

  function search(query) {
    const { parts, instead } = plan(query);
    const whole = squeeze(query);
    let found = [];
    for (const entry of entries) {
      const weights = parts.map((choices) => Math.max(0, ...choices.map((word) => weight(word, entry))));
      const hits = weights.filter(Boolean).length;
      const [key, title, chinese] = entry.squeezed;
      // As one word: 30134-2 and 301342, suan li and suanli.
      const joined = whole.length > (HAN.test(whole) ? 1 : 4) && entry.squeezed.slice(0, 4).some((one) => one.includes(whole));
      if (!hits && !joined) continue;
      let score = weights.reduce((sum, one) => sum + one, 0);
      if (whole && whole === key) score += 1000;
      else if (whole && (whole === title || whole === chinese)) score += 500;
      else if (whole.length > 2 && key.startsWith(whole)) score += 100;
      else if (joined) score += [key, title, chinese].some((one) => one.startsWith(whole)) ? 100 : 30;
      if (LOW.has(entry.kind)) score /= 2;
      found.push({ entry, score, hits: joined ? parts.length : hits });
    }
    const all = found.filter((one) => one.hits === parts.length);
    const partly = !all.length && found.length > 0;
    if (!partly) found = all;
    else {
      const best = Math.max(...found.map((one) => one.hits));
      found = found.filter((one) => one.hits === best);
    }
    found.sort((a, b) => b.score - a.score || a.entry.title.length - b.entry.title.length);
    return { found, partly, instead, marked: parts.flat() };
  }

  // -------------------------------------------------------------------------------------------------------- showing

  function element(name, text = "", attributes = {}) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  // A text with the words that were found in <mark>, as nodes. Folding letter by letter keeps the places.
  function marked(text, sought) {
    const letters = [...text], at = [];
    let folded = "";
    letters.forEach((letter, place) => {
      const plain = fold(letter);
      folded += plain;
      for (let count = 0; count < plain.length; count++) at.push(place);
    });
    const hit = new Array(letters.length).fill(false);
    for (const word of sought) {
      const whole = !HAN.test(word) && word.length < 3;
      for (let start = folded.indexOf(word); start >= 0; start = folded.indexOf(word, start + word.length)) {
        const end = start + word.length;
        const alone = !/[\p{L}\p{N}]/u.test(folded[start - 1] ?? "") && !/[\p{L}\p{N}]/u.test(folded[end] ?? "");
        if (!whole || alone) for (let place = start; place < end; place++) hit[at[place]] = true;
      }
    }
    const made = document.createDocumentFragment();
    for (let start = 0; start < letters.length;) {
      let end = start;
      while (end < letters.length && hit[end] === hit[start]) end++;
      const piece = letters.slice(start, end).join("");
      made.append(hit[start] ? element("mark", piece) : piece);
      start = end;
    }
    return made;
  }

  // Other scripts carry their language.
  function spoken(name, text, sought) {
    const made = element(name);
    for (const piece of text.split(/([\p{Script=Han}][\p{Script=Han}\u3000-\u303f\uff00-\uff65“”]*)/u)) {
      if (!piece) continue;
      const part = HAN.test(piece) ? element("span", "", { lang: "zh-Hans" }) : document.createDocumentFragment();
      part.append(marked(piece, sought));
      made.append(part);
    }
    return made;
  }

  function item(entry, sought) {
    const line = element("li");
    const link = element("a", "", { href: entry.href });
    link.append(spoken("span", entry.title, sought));
    line.append(link);
    if (entry.chinese) line.append(" ", spoken("span", entry.chinese, sought));
    const about = element("p", "", { class: "pb-find-about" });
    const known = entry.kind !== "figure" && entry.kind !== "table" && entry.kind !== "section" && entry.key !== entry.title;
    if (known) about.append(spoken("code", entry.key, sought), " · ");
    about.append(index.pages[entry.page] ?? entry.page);
    line.append(about);
    if (entry.more) {
      const more = spoken("p", entry.more, sought);
      more.className = "pb-find-more";
      line.append(more);
    }
    return line;
  }

  function group(kind, items, sought) {
    const name = `${index.kinds[kind]} (${items.length})`;
    const part = element("section", "", { class: "pb-find-kind", "aria-labelledby": `pb-find-${kind}` });
    const list = element("ul", "", { id: `pb-list-${kind}` });
    list.append(...items.slice(0, SHOWN).map((entry) => item(entry, sought)));
    part.append(element("h3", name, { id: `pb-find-${kind}` }), list);
    if (items.length > SHOWN) {
      const button = element("button", `Show all ${items.length}`, { type: "button", "aria-describedby": `pb-find-${kind}` });
      button.addEventListener("click", () => {
        const rest = items.slice(SHOWN).map((entry) => item(entry, sought));
        list.append(...rest);
        rest[0].querySelector("a").focus();
        button.remove();
      });
      part.append(button);
    }
    return part;
  }

  function show(query) {
    const { found, partly, instead, marked: sought } = search(query);
    const kinds = new Map();
    for (const { entry } of found) kinds.set(entry.kind, [...(kinds.get(entry.kind) ?? []), entry]);
    const said = [];
    for (const [word, close] of instead) said.push(`Nothing is called “${word}”; looked for ${close.slice(0, 3).map((one) => `“${one}”`).join(", ")} instead.`);
    if (partly) said.push("No entry has all of these words; these have most of them.");
    said.push(found.length ? `${found.length} ${found.length === 1 ? "entry" : "entries"} in the report.` : "No entry was found. Look through these lists:");
    status.textContent = said.join(" ");
    look.hidden = found.length > 0;
    box.append(...[...kinds].map(([kind, items]) => group(kind, items, sought)));
  }

  const look = document.getElementById("pb-look");
  const status = element("p", "", { role: "status" });
  look.before(element("h2", "In this report"), status);
  box.hidden = false;
  const query = (new URLSearchParams(location.search).get("q") ?? "").trim().slice(0, LONGEST);
  if (query) show(query);
  else {
    status.textContent = "Search for words, ids (A07.01), designations (GB/T 45654), Chinese (算力) or pinyin (suanli). Or look through these lists:";
    const chinese = status.firstChild.splitText(status.textContent.indexOf("算力"));
    chinese.splitText(2);
    const spokenChinese = element("span", "算力", { lang: "zh-Hans" });
    chinese.replaceWith(spokenChinese);
  }
})();
