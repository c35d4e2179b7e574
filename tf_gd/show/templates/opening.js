// Printing, resizing, and the first look: it comes last, when every control is in place.

let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));

const hosts = ["contour", "line-now", "parabola-m", "parabola-c", "loss-now"].map(find);
let width = 0;
new ResizeObserver(() => {
  if (find("try").clientWidth === width) return;
  width = find("try").clientWidth;
  hosts.forEach((host) => widths.delete(host));
  showing.show();
}).observe(find("try"));

still.addEventListener("change", pause);
addEventListener("hashchange", fromAddress);
pause();
if (location.hash.length > 1) fromAddress();
else {
  asking.go(0);
  show();
}
