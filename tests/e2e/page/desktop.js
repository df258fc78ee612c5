// What the desktop's event tunnel does with Strophe: log in, say presence, subscribe, leave.

const { Strophe, $pres, $iq } = window.strophe;

/** Everything that the page saw: `[kind, text]`, in order. */
window.seen = [];

const note = (kind, text) => window.seen.push([kind, text]);
const statusName = (status) => Object.keys(Strophe.Status).find((name) => Strophe.Status[name] === status);

let connection;

/** Logs in with the full JID; the outcome is in `seen`. */
window.login = (jid, password) => {
  connection = new Strophe.Connection(`wss://${location.host}/ws/`);
  connection.xmlInput = (element) => note('in', Strophe.serialize(element));
  connection.xmlOutput = (element) => note('out', Strophe.serialize(element));
  connection.connect(jid, password, (status) => {
    note('status', statusName(status));
    document.getElementById('state').textContent = statusName(status);
    if (status === Strophe.Status.CONNECTED) connection.send($pres());
  });
  connection.addHandler((message) => {
    note('event', message.textContent);
    return true;
  }, null, 'message');
};

/** Subscribes to a pubsub node, as the full JID. */
window.subscribe = (service, node) => new Promise((resolve) => {
  const request = $iq({ type: 'set', to: service })
    .c('pubsub', { xmlns: 'http://jabber.org/protocol/pubsub' })
    .c('subscribe', { node, jid: connection.jid });
  connection.sendIQ(request, () => resolve('subscribed'), (error) => resolve(Strophe.serialize(error)));
});

/** Pings the server; resolves when the answer is there. */
window.ping = () => new Promise((resolve) => {
  const request = $iq({ type: 'get', to: connection.domain }).c('ping', { xmlns: 'urn:xmpp:ping' });
  connection.sendIQ(request, () => resolve('pong'), (error) => resolve(Strophe.serialize(error)));
});

/** Leaves in order: unavailable presence, `close`, the WebSocket's end. */
window.logout = () => connection.disconnect('signed out');
