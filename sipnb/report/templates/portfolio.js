"use strict";
(function () {
  // Tables that become cards on a narrow screen stay tables for those who listen.
  var roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };
  document.querySelectorAll(".plans, .matrix, .actions").forEach(function (table) {
    table.setAttribute("role", "table");
    table.querySelectorAll("thead, tbody, tfoot, tr, th, td").forEach(function (one) {
      one.setAttribute("role", roles[one.tagName] || (one.scope === "col" ? "columnheader" : "rowheader"));
    });
  });

  // The portfolio can be searched, filtered and sorted; what is chosen stands in the address, so that it can be sent.
  var form = document.getElementById("filters"), table = document.getElementById("plans");
  if (!form || !table) { return; }
  var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows), found = document.getElementById("found");
  var fields = { q: document.getElementById("find"), owner: document.getElementById("by-owner"),
    tier: document.getElementById("by-tier"), tone: document.getElementById("by-tone") };
  var tones = { concern: "Concern", improvement: "Improvement", common: "No real change", failed: "Failed",
    errored: "Could not be run", skipped: "Not planned yet", stale: "Out of date" };
  var sort = "", up = false;
  var known = rows.map(function (row, place) {
    var small = row.cells[0].querySelector("small"), tier = small.querySelector("span"), link = small.querySelector("a");
    var risk = row.cells.length > 4 ? row.cells[4].textContent : "";
    return { row: row, place: place, text: row.textContent.toLowerCase(), tones: row.className.split(" "),
      name: row.cells[0].firstElementChild.textContent, tier: tier ? tier.textContent : "", owner: link ? link.textContent : "",
      // The ends say "over" and "under": they lie beyond the whole numbers next to them.
      risk: /\d/.test(risk) ? parseFloat(risk.replace(/[^\d.]/g, "")) + (/^over/.test(risk) ? 0.5 : /^under/.test(risk) ? -0.5 : 0) : -1 };
  });

  function options(select, values, words) {
    values.filter(function (value, at) { return value && values.indexOf(value) === at; }).sort().forEach(function (value) {
      var option = document.createElement("option");
      option.value = value;
      option.textContent = words ? words[value] : value;
      select.appendChild(option);
    });
    select.parentNode.hidden = select.options.length < 3;
  }
  options(fields.owner, known.map(function (one) { return one.owner; }));
  options(fields.tier, known.map(function (one) { return one.tier; }));
  options(fields.tone, [].concat.apply([], known.map(function (one) { return one.tones; })), tones);
  form.hidden = rows.length < 2;

  function show() {
    var parts = fields.q.value.toLowerCase().split(/\s+/), shown = 0, any = false;
    Object.keys(fields).forEach(function (name) { any = any || fields[name].value !== ""; });
    known.forEach(function (one) {
      var fits = parts.every(function (part) { return one.text.indexOf(part) >= 0; }) &&
        (!fields.owner.value || one.owner === fields.owner.value) && (!fields.tier.value || one.tier === fields.tier.value) &&
        (!fields.tone.value || one.tones.indexOf(fields.tone.value) >= 0);
      if (one.row.hidden === fits) { one.row.hidden = !fits; }
      shown += fits;
    });
    found.textContent = any ? shown + " of " + rows.length + (rows.length === 1 ? " service" : " services") : "";
    document.getElementById("clear").hidden = !any;
  }

  var order = {
    name: function (a, b) { return a.name.localeCompare(b.name, "en"); },
    need: function (a, b) { return a.place - b.place; },
    risk: function (a, b) { return b.risk - a.risk; }
  };
  function arrange() {
    var by = order[sort] || order.need;
    known.slice().sort(function (a, b) { return (up ? by(b, a) : by(a, b)) || a.place - b.place; })
      .forEach(function (one) { body.appendChild(one.row); });
    table.querySelectorAll("th[data-sort]").forEach(function (head) {
      if (head.dataset.sort !== sort) { head.removeAttribute("aria-sort"); return; }
      head.setAttribute("aria-sort", (sort === "name") === up ? "descending" : "ascending");
    });
  }

  function write() {
    var parts = [];
    Object.keys(fields).forEach(function (name) {
      if (fields[name].value) { parts.push(name + "=" + encodeURIComponent(fields[name].value)); }
    });
    if (sort) { parts.push("sort=" + sort + (up ? "-up" : "")); }
    history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search);
  }
  function read() {
    // An anchor is no state.
    if (location.hash && location.hash.indexOf("=") < 0) { return; }
    var state = {};
    location.hash.slice(1).split("&").forEach(function (part) {
      var at = part.indexOf("=");
      try { state[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1)); } catch (error) { /* not ours */ }
    });
    Object.keys(fields).forEach(function (name) {
      fields[name].value = state[name] || "";
      if (fields[name].selectedIndex < 0) { fields[name].value = ""; }
    });
    var asked = (state.sort || "").split("-");
    var wanted = order[asked[0]] ? asked[0] : "", turned = asked[1] === "up";
    if (wanted !== sort || turned !== up) { sort = wanted; up = turned; arrange(); }
    show();
  }

  table.querySelectorAll("th[data-sort]").forEach(function (head) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      up = sort === head.dataset.sort && !up;
      sort = head.dataset.sort;
      arrange();
      write();
    });
  });
  form.addEventListener("input", function () { show(); write(); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () {
    Object.keys(fields).forEach(function (name) { fields[name].value = ""; });
    setTimeout(function () { show(); write(); fields.q.focus(); });
  });
  addEventListener("hashchange", read);
  addEventListener("keydown", function (event) {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { event.preventDefault(); fields.q.focus(); }
  });
  // A list that lies above others closes when the reader goes on.
  document.querySelectorAll(".matrix details, .cycles").forEach(function (one) {
    addEventListener("click", function (event) { if (one.open && !one.contains(event.target)) { one.open = false; } });
    one.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && one.open) { one.open = false; one.querySelector("summary").focus(); }
    });
  });
  read();
}());
