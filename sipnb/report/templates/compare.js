"use strict";
(function () {
  // Two plans side by side, from the figures that this page carries; which ones stands in the address.
  var cycles = JSON.parse(document.getElementById("figures").textContent), form = document.getElementById("sides");
  if (!form || !cycles.length) { return; }
  var table = document.getElementById("sided"), body = table.tBodies[0], findings = document.getElementById("findings");
  var sides = ["a", "b"].map(function (side) {
    return { side: side, service: document.getElementById(side + "-service"), cycle: document.getElementById(side + "-cycle") };
  });
  var names = {};
  cycles.slice().reverse().forEach(function (cycle) {
    Object.keys(cycle.services).forEach(function (id) { names[id] = cycle.services[id].name; });
  });
  function add(select, value, text) {
    var option = document.createElement("option");
    option.value = value;
    option.textContent = text;
    select.appendChild(option);
  }
  sides.forEach(function (one) {
    Object.keys(names).sort(function (a, b) { return names[a].localeCompare(names[b], "en"); }).forEach(function (id) { add(one.service, id, names[id]); });
    cycles.forEach(function (cycle) { add(one.cycle, cycle.name, cycle.label); });
  });
  function chosen(one) {
    var cycle = cycles.filter(function (known) { return known.name === one.cycle.value; })[0];
    var plan = cycle && cycle.services[one.service.value];
    return { cycle: cycle, plan: plan, title: names[one.service.value] + ", " + (cycle ? cycle.label : ""),
      link: cycle && plan ? cycle.name + "/" + one.service.value + ".html" : "" };
  }
  function cell(row, tag, text, small, label) {
    var made = document.createElement(tag), inside = document.createElement("span");
    if (tag === "th") { made.scope = "row"; }
    made.setAttribute("role", tag === "th" ? "rowheader" : "cell");
    if (label) { made.dataset.label = label; }
    inside.textContent = text;
    if (small) { var more = document.createElement("small"); more.textContent = small; inside.appendChild(more); }
    made.appendChild(inside);
    row.appendChild(made);
    return made;
  }
  function said(one) {
    if (!one) { return ["no data", ""]; }
    var parts = [/\d/.test(one[4]) ? one[4] : "", one[1] === "count" ? "" : "n " + one[5].toLocaleString("en")];
    var basis = parts.filter(Boolean).join(", ");
    return [one[3], [basis, one[6] ? "target " + one[6] : ""].filter(Boolean).join("; ")];
  }
  function difference(left, right) {
    if (!left || !right) { return "–"; }
    if (left[8] !== right[8]) { return "measured otherwise"; }
    var by = left[1] === "share" ? 100 * (right[7] - left[7]) : left[7] ? 100 * (right[7] / left[7] - 1) : NaN;
    if (!isFinite(by)) { return "–"; }
    var text = Math.abs(by).toFixed(Math.abs(by) < 1 ? 2 : Math.abs(by) < 100 ? 1 : 0);
    return (parseFloat(text) === 0 ? "" : by < 0 ? "−" : "+") + text + (left[1] === "share" ? " pts" : " %");
  }
  function show() {
    var a = chosen(sides[0]), b = chosen(sides[1]), seen = {};
    findings.textContent = "";
    [a, b].forEach(function (one) {
      var part = document.createElement("section"), head = document.createElement("h2"), text = document.createElement("p");
      if (one.link) {
        var link = document.createElement("a");
        link.href = one.link;
        link.textContent = one.title;
        head.appendChild(link);
      } else { head.textContent = one.title; }
      text.textContent = one.plan ? one.plan.finding : "There is no plan of it.";
      part.appendChild(head);
      part.appendChild(text);
      findings.appendChild(part);
    });
    document.getElementById("a-head").textContent = a.title;
    document.getElementById("b-head").textContent = b.title;
    body.textContent = "";
    [a, b].forEach(function (one) {
      Object.keys(one.plan ? one.plan.measures : {}).forEach(function (kpi) {
        if (seen[kpi]) { return; }
        seen[kpi] = true;
        var left = a.plan && a.plan.measures[kpi], right = b.plan && b.plan.measures[kpi], known = left || right;
        var row = document.createElement("tr");
        row.setAttribute("role", "row");
        cell(row, "th", known[0], known[2] === "neutral" ? "" : known[2] === "up" ? "higher is better" : "lower is better");
        cell(row, "td", said(left)[0], said(left)[1], a.title);
        cell(row, "td", said(right)[0], said(right)[1], b.title);
        cell(row, "td", difference(left, right), "", "Difference").className = "number";
        body.appendChild(row);
      });
    });
    table.hidden = !body.rows.length;
  }
  function write() {
    history.replaceState(null, "", "#" + sides.map(function (one) {
      return one.side + "=" + encodeURIComponent(one.service.value) + "@" + encodeURIComponent(one.cycle.value);
    }).join("&"));
  }
  function read() {
    var first = Object.keys(cycles[0].services)[0] || Object.keys(names)[0], before = cycles[1] || cycles[0];
    var state = { a: first + "@" + before.name, b: first + "@" + cycles[0].name };
    location.hash.slice(1).split("&").forEach(function (part) {
      try { state[part.slice(0, 1)] = decodeURIComponent(part.slice(2)); } catch (error) { /* not ours */ }
    });
    sides.forEach(function (one) {
      var parts = state[one.side].split("@");
      one.service.value = parts[0];
      one.cycle.value = parts[1];
      if (one.service.selectedIndex < 0) { one.service.value = first; }
      if (one.cycle.selectedIndex < 0) { one.cycle.value = cycles[0].name; }
    });
    show();
  }
  form.hidden = false;
  form.addEventListener("change", function () { show(); write(); });
  addEventListener("hashchange", read);
  read();
}());
