/** How many messages a receiver remembers at least (section 5). */
export const windowSize = 10_000;

/** The last (source, id) pairs that were handled. */
export class DedupeWindow {
  #seen = new Set();
  #size;

  constructor(size = windowSize) {
    this.#size = size;
  }

  /** @param {string} key */
  has(key) {
    return this.#seen.has(key);
  }

  /** @param {string} key */
  add(key) {
    // Seen again, it becomes the newest.
    this.#seen.delete(key);
    this.#seen.add(key);
    if (this.#seen.size > this.#size) this.#seen.delete(this.#seen.values().next().value);
  }
}

/** No id holds a line end, so no two pairs have the same key. */
export function pairKey(source, id) {
  return `${source}\n${id}`;
}
