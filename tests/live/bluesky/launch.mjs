// Runs a whole AT Protocol network on the loopback address: directory, personal data server, app view.
// Needs DB_POSTGRES_URL and DB_POSTGRES_SCHEMA (letters and _, one a run). Prints one line of JSON once it is ready and
// stops when its standard input closes, so that it never outlives whoever started it.
import net from 'node:net'

// The package listens on every interface; nobody else on the network is to see this.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (where, ...rest) {
  const onAllInterfaces = typeof where === 'number' && typeof rest[0] !== 'string'
  return onAllInterfaces ? listen.call(this, where, '127.0.0.1', ...rest) : listen.call(this, where, ...rest)
}
process.env.REDIS_HOST ??= 'unused.invalid' // asserted by the package, never connected to

const { TestNetwork } = await import('@atproto/dev-env')
const port = (name) => (process.env[name] ? Number(process.env[name]) : undefined)
const bsky = port('BSKY_PORT')
const network = await TestNetwork.create({
  plc: { port: port('PLC_PORT') },
  pds: {
    port: port('PDS_PORT'),
    hostname: 'localhost',
    enableDidDocWithSession: true,
    rateLimitsEnabled: process.env.RATE_LIMITS === '1',
  },
  bsky: { port: bsky, publicUrl: `http://localhost:${bsky}` },
  ozone: { port: port('OZONE_PORT') },
  introspect: { port: port('INTROSPECT_PORT') },
})

if (process.env.CHAT_URL) {
  // The chat service is not open source: the server's own proxy leads to a stand-in.
  const directory = network.pds.ctx.idResolver.did
  const resolve = directory.resolve.bind(directory)
  const service = { id: '#bsky_chat', type: 'BskyChatService', serviceEndpoint: process.env.CHAT_URL }
  directory.resolve = async (did, ...rest) =>
    did === 'did:web:api.bsky.chat' ? { id: did, service: [service] } : resolve(did, ...rest)
}

const stop = () => network.close().finally(() => process.exit(0))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)
process.stdin.on('end', stop).resume()
console.log(JSON.stringify({ ready: true, plc: network.plc.url, pds: network.pds.url, bsky: network.bsky.url }))
