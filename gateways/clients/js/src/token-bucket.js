/**
 * The server's rate limit (section 3), kept by the client itself: a message that is refused for
 * its rate loses its place in the order.
 */
export class TokenBucket {
  #rate;
  #tokens;
  #at;

  /** @param {number} rate per second; one second's worth may go at once. 0: no limit. */
  constructor(rate, now) {
    this.#rate = rate || Infinity;
    this.#tokens = this.#rate;
    this.#at = now;
  }

  /**
   * Takes `tokens`, or says how many milliseconds it takes until there are so many. More than a
   * full bucket holds may be taken from a full one: the rest is owed.
   */
  take(now, tokens = 1) {
    if (this.#rate === Infinity) return 0;
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#rate, this.#tokens + (passed * this.#rate) / 1000);
    this.#at = now;
    const missing = Math.min(tokens, this.#rate) - this.#tokens;
    if (missing > 0) return Math.ceil((missing * 1000) / this.#rate);
    this.#tokens -= tokens;
    return 0;
  }
}
