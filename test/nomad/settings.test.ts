import t from 'tap';
import { NomadError } from '../../src/nomad/errors.js';
import { nomadSettings } from '../../src/nomad/settings.js';

t.test('flags count before the environment, and that before what is always so', async (t) => {
  t.match(nomadSettings({}, {}), {
    address: 'http://127.0.0.1:4646',
    endpoint: { kind: 'tcp', tls: false, host: '127.0.0.1', port: 4646 },
    tls: { skipVerify: false },
  });
  const env = {
    NOMAD_ADDR: 'https://nomad.example',
    NOMAD_REGION: 'eu',
    NOMAD_NAMESPACE: 'prod',
    NOMAD_TOKEN: 'secret',
    NOMAD_HTTP_AUTH: 'anna:pass:word',
    NOMAD_CACERT: '/ca.pem',
    NOMAD_CAPATH: '/cas',
    NOMAD_CLIENT_CERT: '/cert.pem',
    NOMAD_CLIENT_KEY: '/key.pem',
    NOMAD_TLS_SERVER_NAME: 'server.eu.nomad',
    NOMAD_SKIP_VERIFY: 'true',
  };
  t.same(nomadSettings({}, env), {
    address: 'https://nomad.example',
    endpoint: { kind: 'tcp', tls: true, host: 'nomad.example', port: 443 },
    region: 'eu',
    namespace: 'prod',
    token: 'secret',
    auth: 'anna:pass:word',
    tls: {
      caCert: '/ca.pem',
      caPath: '/cas',
      clientCert: '/cert.pem',
      clientKey: '/key.pem',
      serverName: 'server.eu.nomad',
      skipVerify: true,
    },
  });
  const flags = { address: 'http://[::1]:4646/ui/', namespace: '*', 'ca-cert': '/other.pem' };
  t.match(nomadSettings(flags, env), {
    address: 'http://[::1]:4646',
    endpoint: { host: '::1', port: 4646 },
    region: 'eu',
    namespace: '*',
    tls: { caCert: '/other.pem' },
  });
  t.equal(nomadSettings({}, { NOMAD_TOKEN: '' }).token, undefined, 'empty is not set');
});

t.test('an address may be a socket, or hold a user, whose password is not shown', async (t) => {
  t.match(nomadSettings({ address: 'unix:///run/api.sock' }, {}), {
    address: 'unix:///run/api.sock',
    endpoint: { kind: 'unix', path: '/run/api.sock' },
  });
  const settings = nomadSettings({ address: 'http://anna:p%40ss@host:1' }, {});
  t.match(settings, { address: 'http://host:1', auth: 'anna:p@ss' });
  t.match(nomadSettings({}, { NOMAD_HTTP_AUTH: 'anna' }), { auth: 'anna:' });
});

t.test(
  'what cannot be used is told with the flag or variable, and without a password',
  async (t) => {
    const refused = (flags: object, env: Record<string, string>) => {
      try {
        nomadSettings(flags, env);
      } catch (error) {
        t.type(error, NomadError);
        return error as NomadError;
      }
      throw new Error('nothing was refused');
    };
    for (const address of ['127.0.0.1:4646', 'nomad', 'ftp://host', 'unix://', 'unix://rel'])
      t.match(refused({ address }, {}), {
        code: 'CONFIG',
        message: `"${address}" is no address of Nomad`,
        remedy: /http:\/\/host:4646.*-address or NOMAD_ADDR/,
      });
    t.notMatch(refused({}, { NOMAD_ADDR: 'ftp://anna:pass@host' }).message, 'pass');
    t.match(refused({ 'client-cert': '/a' }, {}), {
      message: /no key/,
      remedy: /NOMAD_CLIENT_KEY/,
    });
    t.match(refused({}, { NOMAD_CLIENT_KEY: '/a' }), { message: /only a key/ });
    t.match(refused({}, { NOMAD_SKIP_VERIFY: 'maybe' }), {
      message: /NOMAD_SKIP_VERIFY is "maybe"/,
    });
  },
);
