(function () {
  "use strict";
  function open() {
    var target = location.hash.indexOf("#tool-") === 0 && document.getElementById(location.hash.slice(1));
    if (target) { target.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", open);
  open();
  var search = document.getElementById("search"), chosen = document.getElementById("wrong-in");
  if (!search) { return; }
  var items = Array.prototype.slice.call(document.querySelectorAll("#failure-list > details"));
  var texts = items.map(function (item) {
    // Nearly every prompt declares nearly every tool: their names are not searched.
    var copy = item.cloneNode(true);
    copy.querySelectorAll(".tools").forEach(function (part) { part.remove(); });
    return copy.textContent.toLowerCase().normalize("NFC");
  });
  var shown = document.getElementById("shown");
  function apply() {
    var words = search.value.toLowerCase().normalize("NFC").split(/\s+/).filter(Boolean), n = 0;
    items.forEach(function (item, i) {
      var fits = chosen.value === "any" || (" " + item.dataset.wrong + " ").indexOf(" " + chosen.value + " ") >= 0;
      fits = fits && words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      item.hidden = !fits;
      n += fits ? 1 : 0;
    });
    shown.textContent = shown.dataset.text.replace("{n}", n).replace("{all}", items.length);
  }
  search.addEventListener("input", apply);
  chosen.addEventListener("change", apply);
  document.querySelector(".filter").hidden = false;
  apply();
})();
