// Rows that scroll sideways (banners, pictures): their links move the row and leave the page where it is.
const calm = matchMedia('(prefers-reduced-motion: reduce)');

function show(row, item) {
  row.scrollTo({ left: item.offsetLeft - row.offsetLeft, behavior: calm.matches ? 'auto' : 'smooth' });
}
function watch(frame) {
  const row = frame.querySelector('ul');
  const links = [...frame.querySelectorAll('a[href^="#"]')];
  if (!links.length) return;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links) {
        if (link.hash === `#${entry.target.id}`) link.setAttribute('aria-current', 'true');
        else link.removeAttribute('aria-current');
      }
    }
  }, { root: row, threshold: 0.6 });
  for (const item of row.children) seen.observe(item);
  frame.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    event.preventDefault();
    show(row, document.getElementById(link.hash.slice(1)));
  });
}
document.querySelectorAll('[data-carousel], [data-gallery]').forEach(watch);

// Another choice of the product brings its own picture forward.
document.addEventListener('htmx:after:swap', (event) => {
  const choice = document.getElementById('choice');
  if (event.detail.ctx?.target !== choice) return;
  const row = document.querySelector('[data-gallery] ul');
  const item = choice && row?.children[Number(choice.dataset.picture)];
  if (item && choice.dataset.shown !== choice.dataset.picture) {
    choice.dataset.shown = choice.dataset.picture;
    show(row, item);
  }
});
