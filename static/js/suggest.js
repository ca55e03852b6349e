// Suggestions below a search field: a combobox with a list (WAI-ARIA), whose options are links. The focus stays in
// the field, the arrow keys mark an option, Enter follows it, Escape closes. Without an option Enter sends the form.
const listOf = (input) => document.getElementById(`${input.id}-hints`);
const fieldOf = (event) => event.target.closest?.('[data-suggest]');

function mark(input, option) {
  listOf(input).querySelector('[aria-selected=true]')?.removeAttribute('aria-selected');
  option?.setAttribute('aria-selected', 'true');
  option?.scrollIntoView({ block: 'nearest' });
  if (option) input.setAttribute('aria-activedescendant', option.id);
  else input.removeAttribute('aria-activedescendant');
}
function show(input, isOpen) {
  listOf(input).hidden = !isOpen;
  input.setAttribute('aria-expanded', isOpen);
  if (!isOpen) mark(input);
}
document.addEventListener('focusin', (event) => {
  const input = fieldOf(event);
  if (!input || input.role === 'combobox') return;
  for (const [name, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', listOf(input).id]]) input.setAttribute(name, value);
});
document.addEventListener('htmx:after:swap', (event) => {
  const list = event.detail?.ctx?.target;
  if (!list?.matches?.('.hints')) return;
  const input = document.getElementById(list.id.replace(/-hints$/, ''));
  const options = list.querySelectorAll('[role=option]');
  options.forEach((option, place) => { option.id = `${list.id}-${place}`; });
  show(input, options.length > 0 && document.activeElement === input && !input.dataset.closed);
});
// Escape also silences the answer that is still on its way, until something else is typed.
document.addEventListener('input', (event) => { delete fieldOf(event)?.dataset.closed; });
document.addEventListener('keydown', (event) => {
  const input = fieldOf(event);
  if (!input || event.isComposing) return;
  const list = listOf(input);
  const options = [...list.querySelectorAll('[role=option]')];
  const place = options.findIndex((option) => option.ariaSelected === 'true');
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && options.length) {
    event.preventDefault();
    if (list.hidden) show(input, true);
    // One place more than options: past either end the mark is back in the field.
    const next = (place + 1 + step + options.length + 1) % (options.length + 1);
    mark(input, options[next - 1]);
  } else if (event.key === 'Enter' && !list.hidden && place >= 0) {
    event.preventDefault();
    options[place].click();
  } else if (event.key === 'Escape') {
    input.dataset.closed = 'true';
    if (list.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    show(input, false);
  }
}, true);
document.addEventListener('focusout', (event) => { if (fieldOf(event)) show(fieldOf(event), false); });
document.addEventListener('submit', (event) => {
  const input = event.target.querySelector?.('[data-suggest]');
  if (input) show(input, false);
});
// A press on an option must not take the focus from the field, or the list would close before the click.
document.addEventListener('mousedown', (event) => { if (event.target.closest?.('.hints')) event.preventDefault(); });
