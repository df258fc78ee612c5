// A second XMPP client, straight to Prosody: the Finesse web application's part of publishing events.

import WebSocket from 'ws';
import { DOMAIN, PUBLISHER } from './prosody.mjs';
import { within } from './wait.mjs';

const PUBSUB = 'http://jabber.org/protocol/pubsub';

export class Publisher {
  /** Logs in over the plain HTTP side and says presence. */
  static async enter(prosody) {
    const { domain = DOMAIN } = prosody;
    const socket = new WebSocket(`ws://${prosody.address}:${prosody.http}/ws/`, 'xmpp', { headers: { Host: domain } });
    const publisher = new Publisher(socket, domain);
    await within('the publisher to connect', new Promise((open, fail) => socket.on('open', open).on('error', fail)));
    const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${domain}' version='1.0'/>`;
    await publisher.ask(open, /<(stream:)?features/);
    const secret = Buffer.from(`\0${PUBLISHER.user}\0${PUBLISHER.password}`).toString('base64');
    await publisher.ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`, /<success/);
    await publisher.ask(open, /<(stream:)?features/);
    await publisher.iq(`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>webapp</resource></bind>`);
    socket.send(`<presence xmlns='jabber:client'/>`);
    return publisher;
  }

  constructor(socket, domain) {
    Object.assign(this, { socket, domain, count: 0, waiting: [] });
    // A server that is ended or stopped on purpose is nothing to end the driver for.
    socket.on('error', () => {});
    socket.on('message', (data) => this.#heard(String(data)));
  }

  /** Sends `xml`; the first message after it that matches. */
  ask(xml, pattern) {
    const answer = new Promise((resolve) => this.waiting.push({ pattern, resolve }));
    this.socket.send(xml);
    return within(`an answer like ${pattern} to the publisher`, answer);
  }

  /** Sends an iq of type set; throws unless its result comes. */
  async iq(content, to = '') {
    this.count += 1;
    const id = `publisher-${this.count}`;
    const address = to ? ` to='${to}'` : '';
    const answer = await this.ask(
      `<iq xmlns='jabber:client' type='set' id='${id}'${address}>${content}</iq>`, new RegExp(`id=['"]${id}['"]`));
    if (!/type=['"]result['"]/.test(answer)) throw new Error(`the publisher was refused: ${answer}`);
  }

  /** Makes a node. */
  create(node) {
    return this.iq(`<pubsub xmlns='${PUBSUB}'><create node='${node}'/></pubsub>`, `pubsub.${this.domain}`);
  }

  /** Publishes an `Update` as Finesse does: XML, escaped, as the text of `notification`. */
  publish(node, update) {
    const escaped = update.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const item = `<item><notification xmlns='${PUBSUB}'>${escaped}</notification></item>`;
    return this.iq(`<pubsub xmlns='${PUBSUB}'><publish node='${node}'>${item}</publish></pubsub>`, `pubsub.${this.domain}`);
  }

  /** Goes. */
  async leave() {
    this.socket.terminate();
  }

  #heard(xml) {
    const index = this.waiting.findIndex(({ pattern }) => pattern.test(xml));
    if (index >= 0) this.waiting.splice(index, 1)[0].resolve(xml);
  }
}
