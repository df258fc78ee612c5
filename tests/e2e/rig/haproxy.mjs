// haproxy where the servers are: a middlebox that cuts what is idle, or one that opens TLS.

import { readFileSync, writeFileSync } from 'node:fs';
import { certify } from './certificate.mjs';
import { DOMAIN, answers } from './prosody.mjs';

/**
 * Starts it before a port of the servers, or `host:port`; its own port. `idle` is how many milliseconds of silence it allows; `signer`
 * names an authority of its own, with whose certificate it ends TLS and opens it anew behind; `front` are more words of
 * where it listens, `lines` more lines of its front side, which reads HTTP if there are any.
 */
export async function startHaproxy({ stage, name, path }, back, { idle = 60_000, signer, front = '', lines }) {
  const folder = stage.place.mkdir(`haproxy-${name}`);
  const { https: port } = stage.ports();
  const config = `${folder}/haproxy.cfg`;
  const [before, behind] = signer ? [` ssl crt ${certificate(folder, signer)}`, ` ssl verify none sni str(${DOMAIN})`] : ['', ''];
  writeFileSync(config, [
    'defaults', `  mode ${lines ? 'http' : 'tcp'}`, '  timeout connect 5s', `  timeout client ${idle}ms`, `  timeout server ${idle}ms`,
    'frontend before', `  bind 0.0.0.0:${port}${before}${front}`, ...(lines ?? []).map((line) => `  ${line}`), '  default_backend behind',
    'backend behind', `  server one ${String(back).includes(':') ? back : `127.0.0.1:${back}`}${behind}`, '',
  ].join('\n'));
  const [command, ...args] = stage.network.command('haproxy', '-db', '-q', '-f', config);
  const program = stage.place.start(`haproxy-${name}`, command, args);
  await program.until('haproxy to listen', () => answers(path.address, port));
  return port;
}

/** A certificate with its key in one file, as haproxy wants it. */
function certificate(folder, signer) {
  const files = certify(folder, [DOMAIN], signer);
  const bundle = `${folder}/leaf-and-key.pem`;
  writeFileSync(bundle, [files.certificate, files.key].map((file) => readFileSync(file, 'utf8')).join(''));
  return bundle;
}
