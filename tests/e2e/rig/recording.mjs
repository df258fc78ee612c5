// A recording, read as docs/recording-format.md says and without any of finspect's own code.

import { existsSync, readFileSync } from 'node:fs';
import { kindOf } from './finspect.mjs';

export class Recording {
  /** What stands in the file by now; a line that is still being written is left out. */
  constructor(path) {
    this.path = path;
    this.text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const lines = this.text.slice(0, this.text.lastIndexOf('\n') + 1).split('\n').filter(Boolean);
    this.events = lines.slice(1).map((line) => {
      const { number, time, connection, direction, kind } = JSON.parse(line);
      const [name, content] = kindOf({ kind });
      return { number, at: time.arrived, connection, direction, name, content };
    });
  }

  /** Events of a kind of which `is` holds for what they contain. */
  all(name, is = () => true) {
    return this.events.filter((event) => event.name === name && is(event.content, event));
  }

  /** Whether there is such an event. */
  has(name, is) {
    return this.all(name, is).length > 0;
  }

  /** Stanzas of which `is` holds. */
  stanzas(is) {
    return this.all('xmpp-stanza', ({ stanza }, event) => is(stanza, event));
  }

  /** Stream errors of a condition. */
  streamErrors(condition) {
    return this.stanzas(({ kind }) => kind['stream-error']?.condition === condition);
  }

  /** Pings of the client, each with its answer's event if there is one. */
  pings() {
    return this.stanzas(({ kind }, { direction }) => kind === 'ping' && direction === 'to-server').map((ping) => {
      const [answer] = this.stanzas(({ id, type }, { connection, number }) => type === 'result'
        && id === ping.content.stanza.id && connection === ping.connection && number > ping.number);
      return { ...ping, answer };
    });
  }

  /** Connections on which somebody was bound, in order. */
  bound() {
    return this.stanzas(({ kind, type }) => kind.bind?.jid && type === 'result').map(({ connection }) => connection);
  }

  /** How the direction of a connection ended; undefined if it did not. */
  manner(connection, direction) {
    const [ended] = this.all('ended', (_, event) => event.connection === connection && event.direction === direction);
    return ended?.content.manner;
  }

  /** Readings of the kernel's whose occasion is this one on this leg. */
  readings(occasion, leg) {
    return this.all('tcp-info', (sample) => sample.occasion[occasion] === leg);
  }
}
