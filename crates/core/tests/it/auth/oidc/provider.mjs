// A certified OpenID provider on loopback, steered by lines of JSON on its standard input.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.argv[2]}/node_modules/`);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const jose = await import(pathToFileURL(require.resolve('jose')));

const REDIRECTS = ['http://127.0.0.1:9/callback', 'http://127.0.0.1:9/other'];
const client = (client_id, more) => ({
  client_id,
  client_secret: 'a secret & with +signs: %41/=?',
  redirect_uris: REDIRECTS,
  post_logout_redirect_uris: ['http://127.0.0.1:9/bye'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
  ...more,
});

const key = async (alg, kid, options) => {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true, ...options });
  return { ...(await jose.exportJWK(privateKey)), kid, alg, use: 'sig' };
};

let generation = 0;
const handler = async (issuer) => {
  generation += 1;
  const name = (alg) => `${alg}-${generation}`;
  const keys = await Promise.all(['RS256', 'PS256', 'ES256', 'Ed25519'].map((alg) => key(alg, name(alg))));
  keys[3].alg = 'EdDSA';
  const provider = new Provider(issuer, {
    clients: [
      client('confidential'),
      client('posting', { token_endpoint_auth_method: 'client_secret_post' }),
      client('public', { token_endpoint_auth_method: 'none', client_secret: undefined }),
      client('es256', { id_token_signed_response_alg: 'ES256' }),
      client('eddsa', { id_token_signed_response_alg: 'EdDSA' }),
      client('ps256', { id_token_signed_response_alg: 'PS256' }),
    ],
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    claims: { openid: ['sub'], profile: ['name', 'groups'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: 'Ada', groups: ['staff'] }) }),
    pkce: { required: () => true },
    ttl: { IdToken: 3600, AccessToken: 3600, Session: 3600, Grant: 3600, Interaction: 3600, RefreshToken: 3600 },
    cookies: { keys: ['a', 'b'] },
  });
  return provider.callback();
};

const server = createServer((request, response) => handle(request, response));
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
let handle = await handler(issuer);
process.stdout.write(`${JSON.stringify({ issuer })}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'rotate') handle = await handler(issuer);
  if (line === 'break') handle = (_, response) => { response.statusCode = 503; response.end('away'); };
  process.stdout.write(`${JSON.stringify({ done: line })}\n`);
}
process.exit(0);
