// The list and its filters. htmx leaves boxes that a visitor ticked as they are: they say again what the list shows.
// A control that a swap took away gives the focus to the list that is left (its form may lie in a closed drawer).
const panel = () => document.getElementById('filters');
const isDrawer = () => panel()?.matches(':popover-open');

// While the drawer is open nothing behind it can be reached; what speaks to those who listen still does.
function lock(isLocked) {
  for (let part = panel(); part && part !== document.body; part = part.parentElement) {
    for (const beside of part.parentElement.children) if (beside !== part && !beside.role) beside.inert = isLocked;
  }
}
document.addEventListener('beforetoggle', (event) => {
  if (event.target.id !== 'filters') return;
  const isOpening = event.newState === 'open';
  lock(isOpening);
  // Beside the goods on wide screens it is part of the page; over them it is a dialog.
  for (const [name, value] of [['role', 'dialog'], ['aria-modal', 'true']]) {
    if (isOpening) event.target.setAttribute(name, value); else event.target.removeAttribute(name);
  }
}, true);
document.addEventListener('toggle', (event) => {
  // The browser focuses the button that closes; a price that could not be read comes before it.
  if (event.target.id === 'filters' && event.newState === 'open') panel().querySelector('[aria-invalid]')?.focus();
  // The browser gives the focus back to the button that opened, but the swap may have put another in its place.
  const { activeElement, body } = document;
  if (event.target.id === 'filters' && event.newState === 'closed' && (activeElement === body || panel().contains(activeElement))) document.getElementById('filters-open')?.focus();
}, true);
let sent = null;
document.addEventListener('change', (event) => { if (event.target.form?.id === 'filter-form') sent = event.target.value; });
// Enter in a field changes it and sends the form: the change alone asks for the list.
document.addEventListener('submit', (event) => { if (event.target.id === 'filter-form') event.preventDefault(); });

let isTurned = false;
document.addEventListener('htmx:before:swap', (event) => { isTurned = !!event.detail.ctx.sourceElement?.closest?.('.pagination'); });
function showWhatIsChosen() {
  for (const field of document.getElementById('filter-form')?.elements ?? []) {
    if (field.type === 'checkbox' || field.type === 'radio') field.checked = field.defaultChecked;
    // What is being typed stays; what was sent is shown as it was understood.
    else if (field.type === 'text' && (field !== document.activeElement || field.value === sent)) field.value = field.defaultValue;
  }
}
// No answer came: the list is still the one before.
document.addEventListener('htmx:error', (event) => { if (event.detail.ctx?.sourceElement?.id === 'filter-form') showWhatIsChosen(); });
// The page's head says which list this is; the way back brings a body alone, and so the list carries it.
function updateHead({ canonical, robots }) {
  document.querySelector('link[rel=canonical]')?.setAttribute('href', canonical);
  let meta = document.querySelector('meta[name=robots]');
  if (!robots) meta?.remove();
  else if (!meta) document.head.append(meta = Object.assign(document.createElement('meta'), { name: 'robots' }));
  if (robots) meta.content = robots;
}
document.addEventListener('htmx:after:swap', (event) => {
  const list = document.getElementById('listing');
  if (list?.dataset.canonical) updateHead(list.dataset);
  if (!list || event.detail.ctx.target?.id !== 'listing') return;
  showWhatIsChosen();
  if (isDrawer()) lock(true);
  const page = list.querySelector('.pagination p');
  if (isTurned) document.getElementById('status').textContent = page ? page.textContent : 'More things';
  if (!isTurned && document.activeElement !== document.body && document.activeElement.id !== 'filter-form') return;
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
});
