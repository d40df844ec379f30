// The page works without this script: charts are then shown as tables. It
// draws the charts, switches the theme, sorts tables and marks the chapter
// that is being read. Nothing is loaded from anywhere.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.remove("plain");

  // Theme: the system's unless the reader chose one; remembered where the
  // browser lets a local file remember anything.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => root.dataset.theme || (system.matches ? "dark" : "light");
  try {
    const kept = localStorage.getItem("bespoke-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch { /* no storage: the choice lasts as long as the page */ }
  const toggle = document.getElementById("theme");
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    try { localStorage.setItem("bespoke-theme", root.dataset.theme); } catch { /* as above */ }
    drawAll(theme());
  });
  system.addEventListener("change", () => drawAll(theme()));

  // Charts.
  const themes = JSON.parse(document.getElementById("themes")?.textContent || "{}");
  const charts = [...document.querySelectorAll(".chart:not(.bare)")];
  const drawn = new WeakMap();

  function config(name, width) {
    const c = structuredClone(themes[name]);
    // Names of columns get a third of the plot, however narrow it is.
    c.axisY = { ...c.axisY, labelLimit: Math.min(240, Math.max(90, Math.round(width * 0.34))) };
    // A long title ends where the plot ends and may begin under the names.
    c.axisX = { ...c.axisX, titleAnchor: "end", titleLimit: width };
    if (width < 480) c.axisX.tickCount = 4;
    return c;
  }

  async function draw(chart, name) {
    const plot = chart.querySelector(".plot");
    const width = plot.clientWidth;
    if (!width) return; // inside a closed fold: drawn when it opens
    const was = drawn.get(chart);
    if (was && was.name === name && was.width === width) return;
    drawn.set(chart, { name, width });
    try {
      const spec = JSON.parse(chart.querySelector(".spec").textContent);
      if (was?.view) was.view.finalize();
      const made = await vegaEmbed(plot, spec, {
        mode: "vega-lite", renderer: "svg", config: config(name, width), defaultStyle: "/* see the page's own */",
        actions: { export: true, source: false, compiled: false, editor: false },
        tooltip: { theme: name, disableDefaultStyle: true },
      });
      drawn.set(chart, { name, width, view: made.view });
      chart.classList.add("drawn");
      if (!was) chart.querySelector(".data")?.removeAttribute("open");
    } catch (error) {
      // The table below says the same.
      plot.hidden = true;
      console.error("chart " + chart.id + ":", error);
    }
  }

  async function drawAll(name) {
    for (const chart of charts) await draw(chart, name);
    root.dataset.drawn = name;
  }
  document.addEventListener("toggle", (e) => {
    if (e.target.matches?.(".fold") && e.target.open) {
      for (const chart of e.target.querySelectorAll(".chart:not(.bare)")) draw(chart, theme());
    }
  }, true);
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawAll(theme()), 150);
  });

  // Paper is light and cannot be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.fold:not([open])")];
    for (const f of folded) f.open = true;
    drawAll("light");
  });
  addEventListener("afterprint", () => {
    for (const f of folded) f.open = false;
    drawAll(theme());
  });

  // Sorting: a button in each head, so that the keyboard reaches it.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.tagName !== "TH") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending"
          || (!head.hasAttribute("aria-sort") && head.classList.contains("num"));
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table.tBodies[0], column, down, head.classList.contains("num"));
      });
    });
  }

  function sort(body, column, down, numeric) {
    const rows = [...body.rows].map((row) => {
      const text = row.cells[column].dataset.sort ?? "";
      return { row, key: numeric ? parseFloat(text) : text };
    });
    rows.sort((a, b) => {
      if (numeric) {
        // What is no number stays at the end both ways.
        if (isNaN(a.key) || isNaN(b.key)) return isNaN(a.key) - isNaN(b.key);
        return down ? b.key - a.key : a.key - b.key;
      }
      return (down ? -1 : 1) * a.key.localeCompare(b.key, undefined, { numeric: true });
    });
    body.append(...rows.map((r) => r.row));
  }

  // The chapter being read.
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const chapters = [...document.querySelectorAll(".chapter")];
  let current = null;
  function mark() {
    let now = null;
    for (const c of chapters) if (c.getBoundingClientRect().top < innerHeight * 0.35) now = c;
    const link = now && links.get(now.id);
    if (link === current) return;
    current?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "true");
    // On a phone the chapters are one line that scrolls sideways; moving it
    // must not move the page.
    const bar = link?.closest("ol");
    if (bar) bar.scrollLeft = link.offsetLeft - bar.clientWidth / 2 + link.clientWidth / 2;
    current = link;
  }
  addEventListener("scroll", mark, { passive: true });
  mark();

  drawAll(theme());
})();
