// The cart's drawer: opens when htmx fills it, closes with Escape, its button or a click beside it.
const drawer = document.getElementById('drawer');
const shell = document.getElementById('shell');
let opener = null;

function open() {
  if (!drawer.hidden) return;
  opener = document.activeElement;
  drawer.hidden = false;
  shell.inert = true;
}
function close() {
  if (drawer.hidden) return;
  drawer.hidden = true;
  shell.inert = false;
  opener?.focus();
}

// Shown before the swap, since a hidden heading takes no focus.
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx } = event.detail;
  if (ctx.target === drawer && ctx.hx?.reswap !== 'none') open();
});
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-close]') || event.target === shell || event.target === document.documentElement || event.target === document.body) close();
});
addEventListener('pagehide', close);
