// One line a check, and the count at the end.

/** What one scenario found out. */
export class Checks {
  constructor(scenario, tally) {
    Object.assign(this, { scenario, tally });
  }

  /** Does one step of the scenario; a failure is a failed check and ends the scenario. */
  async step(name, action) {
    const began = Date.now();
    try {
      const value = await action();
      this.#pass(`${name} (${Date.now() - began} ms)`);
      return value;
    } catch (error) {
      this.#fail(name, error.message);
      throw new Stopped();
    }
  }

  /** States one thing; the scenario goes on either way. */
  that(name, holds, detail = '') {
    if (holds) this.#pass(name);
    else this.#fail(name, detail);
    return Boolean(holds);
  }

  /** States that `text` tells each line of `story`, a list of `[name, pattern]`, in that order. */
  story(text, story) {
    let from = 0;
    for (const [name, pattern] of story) {
      const match = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
      match.lastIndex = from;
      const found = match.exec(text);
      const elsewhere = !found && pattern.test(text) ? ', though it stands further up' : '';
      if (this.that(`it tells ${name}`, found, `no ${pattern} from offset ${from}${elsewhere}`)) {
        from = match.lastIndex;
      }
    }
  }

  #pass(name) {
    this.tally.passed += 1;
    console.log(`ok    ${this.scenario}: ${name}`);
  }

  #fail(name, detail) {
    this.tally.failed += 1;
    this.failed = true;
    console.log(`FAIL  ${this.scenario}: ${name}${detail ? `\n      ${detail.replaceAll('\n', '\n      ')}` : ''}`);
  }
}

/** Thrown when a step failed and was told already. */
export class Stopped extends Error {}
