// Waiting for conditions with a bound: the only way in which anything here waits.

/** Milliseconds that a condition may take where the caller names no other bound. */
const PATIENCE = 20_000;

/** Resolves with the first truthy value of `condition`; throws naming `what` when `bound` milliseconds are over. */
export async function until(what, condition, bound = PATIENCE) {
  const end = Date.now() + bound;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${bound} ms in vain for ${what}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** `promise`, or an error naming `what` when `bound` milliseconds are over. */
export function within(what, promise, bound = PATIENCE) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${bound} ms in vain for ${what}`)), bound);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
