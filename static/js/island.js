// The visitor's part of a page that is the same for everyone; asked for only when there is something to show,
// or when a product's page was rendered so long ago that its stock and price are asked for again.
const HOUR = 3600;
const choice = () => document.getElementById('choice');
const hasHint = () => /(?:^|; )(?:__Host-)?hint=/.test(document.cookie);
const isOld = () => {
  const { rendered, freshHours } = document.body.dataset;
  return choice() && rendered && Date.now() / 1000 - rendered > freshHours * HOUR;
};
// What stands chosen, as the address says it; what was typed for the quantity is nobody's business.
function wish() {
  const part = choice();
  if (!part) return '';
  const said = new URLSearchParams({ product: part.dataset.product });
  for (const input of part.querySelectorAll('input:checked, input[type=hidden]')) said.append(input.name, input.value);
  return `?${said}`;
}
const isIsland = (ctx) => ctx?.request?.action?.startsWith('/island');
const say = () => [...choice()?.querySelectorAll('.choice__price, #availability') ?? []]
  .map((part) => part.innerText.trim()).join(', ');

let asked = null; // the wish under way or answered
let shown = '';
function load() {
  asked = wish();
  window.htmx.ajax('GET', `/island${asked}`, { source: '#status', target: '#status', swap: 'none' });
}
if (hasHint() || isOld()) addEventListener('DOMContentLoaded', load);
// Back from the browser's own cache: a private page would show an old cart, a public one somebody's who has left.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  if (document.body.hasAttribute('data-private')) location.reload();
  else if (asked !== null || hasHint() || isOld()) load();
});
document.addEventListener('htmx:before:swap', ({ detail: { ctx, tasks } }) => {
  if (!isIsland(ctx)) return;
  shown = say();
  // Chosen anew while the answer was on its way: the choice made last has an answer of its own.
  if (asked !== wish()) tasks.splice(0, tasks.length, ...tasks.filter((task) => task.target !== choice()));
});
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
  // Back to a list that htmx turned: the page is fetched anew, and comes without the visitor's part.
  if (ctx?.target === document.body && hasHint()) load();
  if (!isIsland(ctx) || say() === shown) return;
  document.getElementById('status').textContent = `Price and stock have changed: ${say()}`;
});
