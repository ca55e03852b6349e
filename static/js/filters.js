// After a chip took a choice back. htmx leaves boxes that a visitor ticked as they are: they say again what the list
// shows. And the chip is gone: the focus goes to the list that is left (its form may lie in a closed drawer).
document.addEventListener('htmx:after:swap', (event) => {
  const list = document.getElementById('listing');
  if (!list || event.detail.ctx.target?.id !== 'listing') return;
  for (const field of document.getElementById('filter-form')?.elements ?? []) {
    if (field.type === 'checkbox') field.checked = field.defaultChecked;
    else if (field.type === 'text' && field !== document.activeElement) field.value = field.defaultValue;
  }
  if (document.activeElement !== document.body && document.activeElement.id !== 'filter-form') return;
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
});
