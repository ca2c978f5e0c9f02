"use strict";
(function () {
  // Tables that become cards on a narrow screen stay tables for those who listen.
  var roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };
  document.querySelectorAll(".plans, .matrix, .actions, .deciding, .road").forEach(function (table) {
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
  // What a row is about is known by the plan that its first link leads to.
  function page(node) { var link = node.querySelector("a"); return link ? link.getAttribute("href").split("#")[0] : ""; }
  var known = rows.map(function (row, place) {
    var small = row.cells[0].querySelector("small"), tier = small.querySelector("span"), link = small.querySelector("a");
    var risk = row.cells.length > 4 ? row.cells[4].textContent : "";
    return { row: row, place: place, page: page(row), text: row.textContent.toLowerCase(), tones: row.className.split(" "),
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

  // What belongs to services: decisions, actions, what is due when. Each is found by its own words, its service and its owner.
  var services = {};
  known.forEach(function (one) { if (one.page) { services[one.page] = one; } });
  var told = Array.prototype.map.call(document.querySelectorAll(".told"), function (one) { return { node: one, text: one.textContent }; });
  function things(selector, kind) {
    return Array.prototype.map.call(document.querySelectorAll(selector), function (node) {
      return { node: node, kind: kind, text: node.textContent.toLowerCase(), service: services[page(node)] };
    });
  }
  var all = things(".deciding tbody tr", "decision").concat(things(".actions tbody tr", "action"), things(".road li", "due"));
  var measures = [];
  document.querySelectorAll(".matrix li").forEach(function (item) {
    var cell = item.closest("td"), where = cell.querySelector("summary .unseen").textContent.trim(), link = item.querySelector("a");
    item.lastChild.textContent.replace(/^:\s*/, "").split("; ").forEach(function (title) {
      measures.push({ text: (link.textContent + " " + title + " " + where).toLowerCase(), link: link, title: title, where: where });
    });
  });

  function count(n, one, many) { return n.toLocaleString("en") + " " + (n === 1 ? one : many); }
  function summed(nodes, currency) {
    var kinds = { agreed: 0, proposed: 0 }, open = 0, late = 0, money = 0, priced = 0;
    nodes.forEach(function (node) {
      var agreed = node.classList.contains("agreed");
      kinds[agreed ? "agreed" : "proposed"] += 1;
      if (agreed) { open += node.classList.contains("open"); late += node.querySelector("b") !== null; }
      if (node.dataset.money) { money += parseFloat(node.dataset.money); priced += 1; }
    });
    return count(kinds.agreed, "action of a register", "actions of registers") + " (" + open + " open, " + late + " overdue); " +
      count(kinds.proposed, "proposal", "proposals") +
      (priced ? ", of which " + priced + " with a stated cost: " + currency + " " + Math.round(money).toLocaleString("en") + " once" : "") + ".";
  }
  function tell(any, shown) {
    told.forEach(function (one) {
      var mine = shown[one.node.dataset.of] || [];
      one.node.textContent = !any ? one.text : one.node.dataset.of === "decision"
        ? "Chosen: " + count(mine.length, "decision", "decisions") + "."
        : "Chosen: " + summed(mine, one.node.dataset.currency);
    });
    document.querySelectorAll(".rest").forEach(function (one) { if (any) { one.open = true; } });
  }

  function fitting(parts, text) { return parts.every(function (part) { return text.indexOf(part) >= 0; }); }
  function show() {
    var parts = fields.q.value.toLowerCase().split(/\s+/), shown = 0, any = false, left = {};
    Object.keys(fields).forEach(function (name) { any = any || fields[name].value !== ""; });
    function chosen(one) {
      return (!fields.owner.value || one.owner === fields.owner.value) && (!fields.tier.value || one.tier === fields.tier.value) &&
        (!fields.tone.value || one.tones.indexOf(fields.tone.value) >= 0);
    }
    known.forEach(function (one) {
      var fits = fitting(parts, one.text) && chosen(one);
      if (one.row.hidden === fits) { one.row.hidden = !fits; }
      shown += fits;
    });
    all.forEach(function (one) {
      var fits = fitting(parts, one.text) && (!one.service || chosen(one.service));
      if (one.node.hidden === fits) { one.node.hidden = !fits; }
      if (fits) { (left[one.kind] = left[one.kind] || []).push(one.node); }
    });
    document.querySelectorAll(".road tbody tr").forEach(function (row) { row.hidden = !row.querySelector("li:not([hidden])"); });
    tell(any, left);
    found.textContent = any ? [shown + " of " + count(rows.length, "service", "services"),
      count((left.decision || []).length, "decision", "decisions"), count((left.action || []).length, "action", "actions")].join(", ") : "";
    list(fields.q.value.trim().length > 1 ? measures.filter(function (one) { return fitting(parts, one.text); }) : []);
    document.getElementById("clear").hidden = !any;
  }
  function list(mine) {
    var place = document.getElementById("measures-found"), most = 8;
    place.textContent = mine.length ? count(mine.length, "measure", "measures") + ": " : "";
    mine.slice(0, most).forEach(function (one, at) {
      var link = document.createElement("a");
      link.href = one.link.getAttribute("href");
      link.textContent = one.link.textContent + ", " + one.title;
      place.appendChild(document.createTextNode(at ? "; " : ""));
      place.appendChild(link);
      place.appendChild(document.createTextNode(" (" + one.where + ")"));
    });
    if (mine.length > most) { place.appendChild(document.createTextNode("; and " + (mine.length - most) + " more")); }
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
