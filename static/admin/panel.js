"use strict";
// The panel works without this file; it only guards what was typed and helps the eye.

let isDirty = false;
for (const form of document.querySelectorAll("form[data-guard]")) {
  form.addEventListener("input", () => { isDirty = true; });
  form.addEventListener("submit", () => { isDirty = false; });
}
addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });

// A second click on a slow day sends nothing twice; coming back by history makes the button live again.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => setTimeout(() => {
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
  }));
}
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form button[disabled]")) button.disabled = false;
});

document.querySelector("[data-focus]")?.focus();

// What renews itself stays as it is while the shop does not answer; who was signed out is led to the door.
document.addEventListener("htmx:response:error", (event) => { event.detail.ctx.hx.reswap = "none"; });

// Open questions close with Escape.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const box = document.activeElement?.closest("details.confirm[open]");
  if (box) { box.open = false; box.querySelector("summary").focus(); }
});
