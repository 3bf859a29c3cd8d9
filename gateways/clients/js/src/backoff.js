/** How long to wait before each next attempt (section 4). */

export const backoffMinMs = 100;
export const backoffMaxMs = 5000;

/**
 * Doubles from 100 ms to 5 s; a random half of it, so that clients that lost the same server do
 * not come back at once.
 * @param {number} attempt 0 for the first
 * @param {() => number} [random] from 0 to below 1
 */
export function backoffMs(attempt, random = Math.random) {
  const whole = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(attempt, 16));
  return Math.round(whole / 2 + (whole / 2) * random());
}
