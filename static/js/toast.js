// Says what went wrong when a request fails, and marks what is busy.
let hiding;
function say(text) {
  const toast = document.getElementById('toast'); // the way back to a list brings another one
  toast.textContent = text;
  clearTimeout(hiding);
  hiding = setTimeout(() => { toast.textContent = ''; }, 9000);
}

document.addEventListener('htmx:response:error', (event) => {
  const { ctx } = event.detail;
  const { status, headers } = ctx.response;
  const isSentence = headers.get('Content-Type')?.startsWith('text/plain');
  if (status !== 429 && status < 500 && !isSentence) return;
  // htmx 4 would swap the error into the place of the form.
  ctx.hx.reswap = 'none';
  if (ctx.sourceElement.closest('[data-silent], #status')) return;
  say(isSentence ? ctx.text : status === 429
    ? 'That was a little fast. Wait a moment, then try again.'
    : 'That did not work, and it is our fault. Nothing was changed; please try again.');
});
document.addEventListener('htmx:error', (event) => {
  if (!event.detail.ctx || event.detail.ctx.sourceElement?.closest('[data-silent], #status')) return;
  say('No connection to the shop. Your page is as you left it; please try again.');
});
document.addEventListener('htmx:before:request', (event) => {
  event.detail.ctx.sourceElement.setAttribute('aria-busy', 'true');
});
document.addEventListener('htmx:finally:request', (event) => {
  event.detail.ctx.sourceElement.removeAttribute('aria-busy');
});
