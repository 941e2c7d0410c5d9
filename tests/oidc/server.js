// SPDX-License-Identifier: MIT
// oidc-provider over TLS on loopback, at a port of the system's choice.  The
// first line of standard input is its set-up, as JSON: cert, key (paths) and
// clients.  It prints one line of JSON, its issuer, and ends with its input.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// It is installed below build/, not beside this file.
const require = createRequire(`${process.argv[2]}/`);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

function configuration(clients) {
  return {
    clients,
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: { enabled: false },
    },
    pkce: { methods: ['S256'], required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    cookies: { keys: ['of no use to anybody'] },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    ttl: {
      AccessToken: 600,
      ClientCredentials: 600,
      RefreshToken: 3600,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
      AuthorizationCode: 60,
      IdToken: 600,
      // One client's codes do not live for long.
      DeviceCode: (ctx, token, client) => (client.clientId === 'hasty' ? 8 : 600),
    },
  };
}

// This server never says slow_down of its own accord: one client's first poll
// is answered so, in place of authorization_pending.
let pleased = false;
async function slowDown(ctx, next) {
  await next();
  if (!pleased && ctx.oidc?.client?.clientId === 'slow' && ctx.body?.error === 'authorization_pending') {
    pleased = true;
    ctx.body = { error: 'slow_down' };
  }
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => {
  const { cert, key, clients } = JSON.parse(line);
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
  server.listen(0, '127.0.0.1', () => {
    const issuer = `https://localhost:${server.address().port}`;
    const provider = new Provider(issuer, configuration(clients));
    provider.use(slowDown);
    provider.on('server_error', (ctx, error) => console.error(error));
    // How the token endpoint answered, for whoever wants to count: not of the protocol.
    const counts = { ok: 0, refused: 0 };
    provider.on('grant.success', () => { counts.ok += 1; });
    provider.on('grant.error', () => { counts.refused += 1; });
    const answer = provider.callback();
    server.on('request', (request, response) => (
      request.url === '/_counts' ? response.end(JSON.stringify(counts)) : answer(request, response)));
    console.log(JSON.stringify({ issuer }));
  });
});
input.on('close', () => process.exit(0));
