"use strict";
(function () {
  // The portfolio can be searched; "/" leads there.
  var find = document.getElementById("find");
  if (!find) { return; }
  var rows = Array.prototype.slice.call(document.querySelectorAll("#plans tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  find.closest("label").hidden = rows.length < 6;
  find.addEventListener("input", function () {
    var parts = find.value.toLowerCase().split(/\s+/), shown = 0;
    rows.forEach(function (row, i) {
      var fits = parts.every(function (part) { return texts[i].indexOf(part) >= 0; });
      row.hidden = !fits;
      shown += fits;
    });
    document.getElementById("found").textContent = find.value ? shown + " of " + rows.length + " services" : "";
  });
  addEventListener("keydown", function (event) {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); find.focus(); }
  });
}());
