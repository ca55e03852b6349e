// The visitor's part of a page that is the same for everyone; asked for only when there is something to show.
const something = () => /(?:^|; )(?:__Host-)?hint=/.test(document.cookie);
const load = () => window.htmx.ajax('GET', '/island', { source: '#status', target: '#status', swap: 'none' });
if (something()) addEventListener('DOMContentLoaded', load);
// Back from the browser's own cache: a private page would show an old cart.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  if (document.body.hasAttribute('data-private')) location.reload();
  else if (something()) load();
});
// Back to a list that htmx turned: the page is fetched anew, and comes without the visitor's part.
document.addEventListener('htmx:after:swap', (event) => {
  if (event.detail?.ctx?.target === document.body && something()) load();
});
