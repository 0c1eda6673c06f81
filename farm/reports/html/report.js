"use strict";
// Texts of a model only ever become text nodes: nothing here makes HTML of a string.
(() => {
  const $ = (id) => document.getElementById(id);
  const body = $("problems").tBodies[0];
  const rows = [...body.rows];
  const make = (name, text, ...children) => {
    const node = document.createElement(name);
    if (text) node.textContent = text;
    node.append(...children);
    return node;
  };

  // --- find and sort ---
  const words = rows.map((row) => row.textContent.toLowerCase());
  const filter = () => {
    const wanted = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const on = wanted.every((word) => words[i].includes(word))
        && (!$("verdict").value || row.dataset.verdict === $("verdict").value)
        && (!$("truncated").checked || row.dataset.cut);
      row.hidden = !on;
      if (row.detail) row.detail.hidden = !on;
      shown += on;
    });
    $("shown").textContent = shown === rows.length ? `${shown} problems` : `${shown} of ${rows.length} problems`;
  };
  for (const id of ["find", "verdict", "truncated"]) $(id).addEventListener("input", filter);
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  const heads = [...$("problems").tHead.rows[0].cells];
  heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => head.dataset.kind === "number" ? Number(row.cells[column].dataset.value) : row.cells[column].textContent;
    const order = head.dataset.kind === "number" ? (a, b) => a - b : (a, b) => a.localeCompare(b, undefined, {numeric: true});
    const sorted = rows.map((row) => [value(row), row]).sort((a, b) => (down ? -1 : 1) * order(a[0], b[0]));
    body.append(...sorted.flatMap(([, row]) => row.detail ? [row, row.detail] : [row]));
  }));

  // --- open a problem ---
  const unpack = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };
  const block = (title, text, open) => {
    const node = make("details", "", make("summary", title), make("pre", text));
    node.open = Boolean(open);
    return node;
  };
  const part = (title, text) => make("div", "", make("small", title), make("pre", text || "(empty)"));
  const facts = (pairs) => make("dl", "", ...pairs.map(([name, value]) => make("div", "", make("dt", name), make("dd", value))));
  const cases = (sample, tests) => {
    const found = [];
    const table = make("table", "", make("thead", "", make("tr", "", ...["test", "verdict", "CPU", "wall", "memory"].map((t) => make("th", t)))));
    const lines = make("tbody");
    for (const [index, verdict, cpu, wall, peak, how, out, err, bytes] of sample.cases) {
      lines.append(make("tr", "", ...[`${index}`, verdict, `${cpu} s`, `${wall} s`, peak ? `${(peak / 1048576).toFixed(0)} MiB` : "-"].map((t) => make("td", t))));
      if (how === undefined) continue;
      const [input, expected] = tests[index] || ["(the stored tests are gone)", "(the stored tests are gone)"];
      const pair = make("div", "", part("input", input), part("expected", expected), part(`actual (${bytes} bytes)`, out), part("stderr", err));
      pair.className = "pair";
      found.push(make("h3", `Test ${index}: ${verdict}${how ? ` (${how})` : ""}`), pair);
    }
    table.append(lines);
    const all = make("details", "", make("summary", `${sample.cases.length} test(s) ran: verdicts and times`), table);
    return sample.cases.length ? [...found, all] : found;
  };
  const show = (problem) => {
    const into = make("div");
    into.append(block("Statement", problem.statement || "(not kept by the version of farm that planned this run)"));
    const [input, expected] = problem.cases["0"] || [];
    if (input !== undefined) {
      const pair = make("div", "", part("input", input), part("expected", expected));
      pair.className = "pair";
      into.append(make("details", "", make("summary", `First of ${problem.tests} test(s)`), pair));
    }
    problem.samples.forEach((sample) => {
      const parts = [facts(sample.facts)];
      if (sample.program) parts.push(block("Program", sample.program, true));
      if (sample.text) parts.push(block("Answer", sample.text, !sample.program));
      if (sample.reasoning) parts.push(block("Reasoning", sample.reasoning));
      const node = make("details", "", make("summary", `Sample ${sample.i}: ${sample.v}`), ...parts, ...cases({cases: sample.cases || []}, problem.cases));
      node.open = problem.samples.length === 1;
      node.id = `${problem.id}#${sample.i}`;
      into.append(node);
    });
    if (problem.more) into.append(make("p", `${problem.more} more samples are in samples.jsonl and farm inspect.`));
    return into;
  };
  const toggle = async (row, open) => {
    const button = row.querySelector("button");
    if (row.detail && open !== true) {
      row.detail.remove();
      row.detail = null;
      button.setAttribute("aria-expanded", "false");
    } else if (!row.detail && open !== false) {
      const cell = make("td");
      cell.colSpan = heads.length;
      row.detail = make("tr", "", cell);
      row.detail.className = "detail";
      row.after(row.detail);
      button.setAttribute("aria-expanded", "true");
      cell.append(show(await unpack($(`c${row.dataset.n}`).textContent)));
    }
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest("th button");
    if (button) toggle(button.closest("tr"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      $("find").focus();
    } else if (event.key === "Escape") {
      const inside = event.target.closest && event.target.closest("tr.detail");
      rows.filter((row) => row.detail && (!inside || row.detail === inside)).forEach((row) => {
        toggle(row, false);
        row.querySelector("button").focus();
      });
    }
  });

  // --- #PROBLEM or #PROBLEM#INDEX in the address ---
  const follow = async () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const row = rows.find((each) => name === each.dataset.id || name.startsWith(`${each.dataset.id}#`));
    if (!row) return;
    await toggle(row, true);
    const sample = document.getElementById(name);
    if (sample) sample.open = true;
    (sample || row).scrollIntoView();
  };
  addEventListener("hashchange", follow);
  addEventListener("DOMContentLoaded", follow);
})();
