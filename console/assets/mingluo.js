// The console's own script: clock, age of the data, countdown with the space key, one click once, search in the area
// tree. Pages work without it; nothing here decides anything. No eval, no inline handlers (the policy forbids both).
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // One click once: the second one finds the button asleep. The server is idempotent as well.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = '1';
    setTimeout(() => all('button', form).forEach((button) => { button.disabled = true; }), 0);
  });
  // Coming back by the browser's history wakes the forms up again.
  addEventListener('pageshow', () => all('form').forEach((form) => {
    delete form.dataset.sent;
    all('button', form).forEach((button) => { button.disabled = false; });
  }));

  // The clock follows the server's time, not the desk's.
  const clock = document.querySelector('[data-now]');
  if (clock) {
    const ahead = Number(clock.dataset.now) - Date.now();
    const offset = Number(clock.dataset.offset) * 60000;
    const tick = () => {
      clock.textContent = new Date(Date.now() + ahead + offset).toISOString().slice(11, 19);
      setTimeout(tick, 1000 - ((Date.now() + ahead) % 1000));
    };
    tick();
  }

  // Age of the data: anything that comes on the stream makes it young. Silence shows; stale is never green.
  const stream = document.querySelector('[data-stream]');
  if (stream) {
    let heard = Date.now();
    const lost = document.getElementById('lost');
    const age = document.getElementById('age');
    const fresh = () => { heard = Date.now(); look(); };
    const look = () => {
      const seconds = Math.round((Date.now() - heard) / 1000);
      const stale = seconds >= 12;
      lost.hidden = !stale;
      age.textContent = String(seconds);
      const words = document.getElementById('link');
      if (words) words.textContent = stale ? words.dataset.lost : words.dataset.live;
      all('[data-fresh]').forEach((button) => { button.toggleAttribute('disabled', stale); });
    };
    document.addEventListener('htmx:sse:after:message', fresh);
    document.addEventListener('htmx:sse:after:connection', fresh);
    document.addEventListener('htmx:sse:error', (event) => {
      if (event.detail && event.detail.status === 401) location.reload();
    });
    setInterval(look, 1000);
  }

  // The hold: a ring that empties, and the space key that takes everything back.
  const hold = document.querySelector('[data-hold]');
  if (hold) {
    const whole = Number(hold.dataset.whole);
    const end = performance.now() + Number(hold.dataset.hold);
    const ring = document.getElementById('ring');
    const round = 2 * Math.PI * 45;
    const seconds = all('[data-seconds]');
    const turn = () => {
      const left = Math.max(0, end - performance.now());
      ring.setAttribute('stroke-dasharray', `${round * left / whole} ${round}`);
      seconds.forEach((place) => { place.textContent = String(Math.ceil(left / 1000)); });
      if (left > 0) requestAnimationFrame(turn); else location.assign(hold.dataset.after);
    };
    turn();
    const form = document.getElementById('recall');
    document.addEventListener('keydown', (event) => {
      if (event.code !== 'Space' || !form) return;
      event.preventDefault();
      if (!form.dataset.sent) form.requestSubmit();
    });
  }

  // Search in the area tree by name or code; a county shows when one of its townships does.
  const search = document.getElementById('area-search');
  if (search) {
    search.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
    search.addEventListener('input', () => {
      const word = search.value.trim();
      all('.areas details').forEach((county) => {
        const own = county.dataset.find.includes(word);
        let some = false;
        all('li', county).forEach((item) => {
          const hit = word === '' || own || item.dataset.find.includes(word);
          item.hidden = !hit;
          some = some || (hit && word !== '');
        });
        county.hidden = word !== '' && !own && !some;
        county.open = word === '' ? Boolean(county.querySelector('li input:checked')) : some;
      });
    });
  }
})();
