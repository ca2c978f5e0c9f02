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
    document.querySelectorAll(".drawing, .shown, pre").forEach(function (one) {
      if (one.scrollWidth > one.clientWidth + 1) {
        one.tabIndex = 0;
        if (one.matches(".drawing")) { one.setAttribute("role", "group"); one.setAttribute("aria-label", "Figure, scrolls sideways"); }
      }
    });
  }
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
