// When the control in use went away with a swap, the focus goes to what took its place, not to the top of the page.
let source = null;
document.addEventListener('htmx:before:request', (event) => { source = event.target; });
document.addEventListener('htmx:after:settle', (event) => {
  if (!source || source.isConnected || document.activeElement !== document.body) return;
  const place = event.target.closest?.('section, [id]') ?? document.getElementById('main');
  source = null;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
});
