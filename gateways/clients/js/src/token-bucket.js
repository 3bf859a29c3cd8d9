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

  /** Takes a token, or says how many milliseconds it takes until there is one. */
  take(now) {
    if (this.#rate === Infinity) return 0;
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#rate, this.#tokens + (passed * this.#rate) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / this.#rate);
    this.#tokens -= 1;
    return 0;
  }
}
