// The rules of Finesse's event tunnel, with Strophe: subscribe, ping every `interval` milliseconds, give up when the
// second ping is sent while the first is unanswered, try again on the same connection object, whose dead socket Strophe
// closes only then. What it sees is in `seen`.

/** The second ping that is sent while none was answered is one too many. */
const UNANSWERED = 2;

window.tunnel = ({ jid, password, service, node, interval }) => {
  let unanswered = 0;
  let timer;
  connection = new Strophe.Connection(`wss://${location.host}/ws/`);
  connection.xmlInput = (element) => note('in', Strophe.serialize(element));
  connection.xmlOutput = (element) => note('out', Strophe.serialize(element));

  const lost = (why) => {
    clearInterval(timer);
    note('lost', why);
    connection.reset();
    setTimeout(connect, interval);
  };
  const ping = () => {
    unanswered += 1;
    const request = $iq({ type: 'get', to: connection.domain, id: connection.getUniqueId('ping') });
    connection.sendIQ(request.c('ping', { xmlns: 'urn:xmpp:ping' }), () => {
      unanswered = 0;
      note('pong', '');
    });
    connection.flush();
    if (unanswered >= UNANSWERED) lost('unanswered');
  };
  const connected = () => {
    unanswered = 0;
    connection.send($pres());
    window.subscribe(service, node);
    timer = setInterval(ping, interval);
  };
  const connect = () => connection.connect(jid, password, (status) => {
    note('status', statusName(status));
    if (status === Strophe.Status.CONNECTED) connected();
    if (status === Strophe.Status.DISCONNECTED && timer) lost('closed');
  });
  addEventListener('beforeunload', () => {
    clearInterval(timer);
    timer = undefined;
    const request = $iq({ type: 'set', to: service });
    connection.sendIQ(request.c('pubsub', { xmlns: 'http://jabber.org/protocol/pubsub' })
      .c('unsubscribe', { node, jid: connection.jid }));
    connection.disconnect('unloading');
  });
  connect();
};
