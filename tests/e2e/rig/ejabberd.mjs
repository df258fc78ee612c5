// ejabberd as a Finesse notification service: TLS, PLAIN, `/ws/`, pubsub, and a user called `finesse`.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { certify } from './certificate.mjs';
import { DOMAIN, PUBLISHER, answers, layOutPage } from './prosody.mjs';

/** Mechanisms that it offers unless told otherwise, and Finesse does not. */
const NOT_PLAIN = ['digest-md5', 'X-OAUTH2', ...['1', '256', '512'].flatMap((bits) => [`SCRAM-SHA-${bits}`, `SCRAM-SHA-${bits}-PLUS`])];

/**
 * Starts it; the address and the ports of its TLS and its plain HTTP side, its certificate files and its program, as
 * `startProsody` gives them. `ping` are the milliseconds of silence after which it sends a WebSocket ping; a client that has
 * not answered it when the next one is due is done for.
 */
export async function startEjabberd(place, { name, agents, where, ports, ping }) {
  const folder = place.mkdir(name);
  const files = certify(folder, [DOMAIN, `pubsub.${DOMAIN}`]);
  mkdirSync(`${folder}/data`);
  layOutPage(`${folder}/www`);
  writeFileSync(`${folder}/both.pem`, [files.certificate, files.key].map((file) => readFileSync(file, 'utf8')).join(''));
  writeFileSync(`${folder}/ejabberd.yml`, JSON.stringify(configuration(folder, { ...ports, listen: where.listen, ping })));
  place.watch(`${name} log`, `${folder}/ejabberd.log`);
  // Without `ejabberdctl`, which wants to be a user of its own, and without a name in a network of Erlang's.
  const [command, ...args] = where.command('erl', '-noinput', '-mnesia', 'dir', `"${folder}/data"`, '-eval', accounts(agents));
  const program = place.start(name, command, args, { env: { ...process.env, HOME: folder, ERL_LIBS: libraries(),
    EJABBERD_CONFIG_PATH: `${folder}/ejabberd.yml`, EJABBERD_LOG_PATH: `${folder}/ejabberd.log` } });
  await program.until('ejabberd to know its users', () => program.stdout().includes('everybody is known'), 30_000);
  await program.until('ejabberd to listen', () => answers(where.address, ports.https), 30_000);
  return { ...files, address: where.address, ...ports, program };
}

/** Its configuration: YAML, of which JSON is a part. */
function configuration(folder, { http, https, listen, ping }) {
  const web = { module: 'ejabberd_http', ip: listen, request_handlers: { '/ws': 'ejabberd_http_ws', '/desktop': 'mod_http_fileserver' } };
  return {
    hosts: [DOMAIN],
    certfiles: [`${folder}/both.pem`],
    loglevel: 'debug',
    auth_password_format: 'plain',
    disable_sasl_mechanisms: NOT_PLAIN,
    websocket_ping_interval: `${ping} ms`,
    listen: [{ ...web, port: https, tls: true }, { ...web, port: http }],
    modules: {
      mod_ping: {},
      mod_roster: {},
      mod_shared_roster: {},
      mod_pubsub: { host: `pubsub.${DOMAIN}`, access_createnode: 'all' },
      mod_http_fileserver: { docroot: `${folder}/www`, directory_indices: ['index.html'] },
    },
  };
}

/** Erlang that starts it, makes the accounts, and has everybody see everybody's presence. */
function accounts(agents) {
  const users = [PUBLISHER, ...agents].map(({ user, password }) => `{<<"${user}">>, <<"${password}">>}`);
  return `{ok, _} = application:ensure_all_started(ejabberd), Host = <<"${DOMAIN}">>, Group = <<"everybody">>,
    [ok = ejabberd_auth:try_register(User, Host, Password) || {User, Password} <- [${users}]],
    mod_shared_roster:create_group(Host, Group, [{name, Group}, {displayed_groups, [Group]}]),
    mod_shared_roster:add_user_to_group(Host, {<<"@all@">>, Host}, Group),
    io:format("everybody is known~n").`;
}

/** Where Debian has Erlang's libraries that belong to one architecture. */
function libraries() {
  const folders = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu')).map((name) => `/usr/lib/${name}`);
  const found = folders.find((folder) => readdirSync(folder).some((name) => name.startsWith('ejabberd-')));
  if (!found) throw new Error('no ejabberd: apt-get install ejabberd');
  return found;
}
