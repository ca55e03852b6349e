// The buttons beside a quantity: they set the number field and let it speak for itself.
function mark(stepper) {
  const input = stepper.querySelector('input');
  const value = Number(input.value) || 0;
  for (const button of stepper.querySelectorAll('button')) {
    const next = value + Number(button.dataset.step);
    button.disabled = next < Number(input.min) || next > Number(input.max);
  }
}
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-step]');
  if (!button) return;
  const stepper = button.closest('[data-stepper]');
  const input = stepper.querySelector('input');
  const value = (Number(input.value) || 0) + Number(button.dataset.step);
  input.value = Math.min(Number(input.max), Math.max(Number(input.min), value));
  input.dispatchEvent(new Event('change', { bubbles: true }));
  mark(stepper);
  // A button that has just become useless would drop the focus to the page.
  if (button.disabled) input.focus();
});
document.addEventListener('change', (event) => {
  const stepper = event.target.closest?.('[data-stepper]');
  if (stepper) mark(stepper);
});
// New limits may have come, and a number that was typed stands.
document.addEventListener('htmx:after:swap', () => {
  for (const stepper of document.querySelectorAll('[data-stepper]')) mark(stepper);
});
// A refused quantity goes back to what the cart holds; a swap leaves what was typed.
document.addEventListener('htmx:after:settle', () => {
  for (const stepper of document.querySelectorAll('.has-problem [data-stepper]')) {
    const input = stepper.querySelector('input');
    input.value = input.defaultValue;
    mark(stepper);
  }
});
