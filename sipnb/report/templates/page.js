"use strict";
// Comfort only: everything can be read, reached and printed without this script.
(function () {
  // Paper cannot be unfolded: open what is folded before printing, and fold it again.
  var opened = [];
  addEventListener("beforeprint", function () {
    document.querySelectorAll("main details:not([open])").forEach(function (one) {
      if (!one.closest("nav")) { one.open = true; opened.push(one); }
    });
  });
  addEventListener("afterprint", function () {
    opened.forEach(function (one) { one.open = false; });
    opened = [];
  });

  // What scrolls sideways has to be reachable by keyboard.
  function reachable() {
    document.querySelectorAll(".shown, pre").forEach(function (one) {
      if (one.scrollWidth > one.clientWidth + 1) { one.tabIndex = 0; }
    });
    // Where rows are cards their heads are out of sight, and nobody can press them.
    document.querySelectorAll(".sorter").forEach(function (one) {
      one.tabIndex = one.closest("thead").offsetHeight > 1 ? 0 : -1;
    });
  }

  // A table is sorted by the heads of its columns, as a reader would: numbers by their size, whatever their unit.
  var units = Object.assign(Object.create(null), { min: 1 / 60, h: 1, d: 24, day: 24, days: 24, week: 168, weeks: 168 });
  function size(text) {
    var found = /([-\u2212+]?)(\d[\d,]*(?:\.\d+)?)\s*([a-z]*)/.exec(text);
    if (!found) { return null; }
    var value = parseFloat(found[2].replace(/,/g, "")) * (units[found[3]] || 1) * (/[-\u2212]/.test(found[1]) ? -1 : 1);
    // The ends say "over" and "under": they lie beyond the number that they name.
    return value + (/^(over|above) /.test(text) ? 1e-6 : /^(under|below) /.test(text) ? -1e-6 : 0);
  }
  // One cell may stand below two heads.
  function cell(row, column) {
    var at = 0;
    return Array.prototype.find.call(row.cells, function (one) { at += one.colSpan; return at > column; }) || row;
  }
  function sort(table, column, heads) {
    var up = heads[column].getAttribute("aria-sort") !== "ascending", body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row) {
      var text = cell(row, column).textContent.trim();
      return { row: row, text: text, empty: /^(\u2013|no data|)$/.test(text), size: size(text) };
    });
    // A column of numbers is one in which every entry has one; names that hold a number are names.
    var number = heads[column].classList.contains("number") || rows.every(function (one) { return one.empty || /^[-\u2212+\u20ac$\u00a3]? ?\d/.test(one.text); });
    rows.sort(function (a, b) {
      if (a.empty !== b.empty) { return a.empty - b.empty; }
      if (number && (a.size === null) !== (b.size === null)) { return a.size === null ? 1 : -1; }
      return (up ? 1 : -1) * (number && a.size !== null ? a.size - b.size : a.text.localeCompare(b.text, "en"));
    });
    rows.forEach(function (one) { body.appendChild(one.row); });
    heads.forEach(function (head, i) {
      if (i === column) { head.setAttribute("aria-sort", up ? "ascending" : "descending"); } else { head.removeAttribute("aria-sort"); }
    });
  }
  document.querySelectorAll(".table > table, .scorecard").forEach(function (table) {
    var sortable = table.tHead && table.tBodies.length === 1 && table.tBodies[0].rows.length > 2;
    var heads = sortable ? Array.prototype.slice.call(table.tHead.rows[0].cells) : [];
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () { sort(table, column, heads); });
    });
  });

  addEventListener("resize", reachable);
  reachable();

  // The list of contents follows the reader.
  var links = {};
  document.querySelectorAll(".aside a").forEach(function (link) { links[link.hash.slice(1)] = link; });
  if ("IntersectionObserver" in window) {
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) { return; }
        Object.keys(links).forEach(function (id) { links[id].removeAttribute("aria-current"); });
        links[entry.target.id].setAttribute("aria-current", "location");
      });
    }, { rootMargin: "0px 0px -75% 0px" });
    Object.keys(links).forEach(function (id) { watch.observe(document.getElementById(id)); });
  }
}());
