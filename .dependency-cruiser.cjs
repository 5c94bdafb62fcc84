// Imports point inwards: commands → src; csi, addons, nomad, mesos, docker → volume; volume → nothing of ours.
const outside = '^src/(nomad|consul|mesos|docker)/';

module.exports = {
  forbidden: [
    {
      name: 'volume-is-the-core',
      comment: 'The domain knows no gRPC, no librbd, no Nomad, no command line.',
      severity: 'error',
      from: { path: '^src/volume/' },
      to: { path: '^(src/(?!volume/)|commands/|bin/)' },
    },
    {
      name: 'volume-knows-no-transport',
      severity: 'error',
      from: { path: '^src/volume/' },
      to: { path: 'node_modules/(@grpc|@bufbuild|koffi|@oclif|consul|hcl2-parser)' },
    },
    {
      name: 'store-implements-ports-only',
      comment:
        'rbd and node implement ports that volume declares; they know neither each other nor the boundary.',
      severity: 'error',
      from: { path: '^src/(rbd|node)/' },
      to: {
        path: '^(src/(csi|addons|cli|spec|proto|dev|config)/|commands/|bin/)',
        pathNot: '^src/config/settings\\.ts$',
      },
    },
    {
      name: 'rbd-and-node-apart',
      severity: 'error',
      from: { path: '^src/rbd/' },
      to: { path: '^src/node/' },
    },
    {
      name: 'node-and-rbd-apart',
      severity: 'error',
      from: { path: '^src/node/' },
      to: { path: '^src/rbd/' },
    },
    {
      name: 'one-module-binds-natively',
      comment: 'A wrong declaration ends the process, so one module holds them all.',
      severity: 'error',
      from: { path: '^(src|commands|bin)/', pathNot: '^src/rbd/native\\.ts$' },
      to: { path: 'node_modules/koffi' },
    },
    {
      name: 'boundary-calls-the-domain',
      comment: 'gRPC services reach Ceph and the node through ports that the command wires.',
      severity: 'error',
      from: { path: '^src/(csi|addons|admin)/' },
      to: { path: '^(src/(rbd|node|cli|spec|dev|config)/|commands/|bin/)' },
    },
    {
      name: 'src-knows-no-commands',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(commands|bin)/' },
    },
    {
      name: 'outside-systems-apart',
      severity: 'error',
      from: { path: '^src/(volume|rbd|node|csi|addons|admin)/' },
      to: { path: outside },
    },
    {
      name: 'nomad-knows-documents-only',
      comment:
        "Nomad's client knows its own documents, the domain's words, and the types of specifications.",
      severity: 'error',
      from: { path: '^src/nomad/' },
      to: { path: '^(src/(?!nomad/|volume/|spec/|http/)|commands/|bin/)' },
    },
    {
      name: 'mesos-knows-documents-only',
      comment:
        "Mesos's client and files know the domain's words and how texts are read and diagnosed.",
      severity: 'error',
      from: { path: '^src/mesos/' },
      to: { path: '^(src/(?!mesos/|volume/|spec/|http/)|commands/|bin/)' },
    },
    {
      name: 'inspection-joins-what-others-read',
      comment: 'It asks nobody, so that each inconsistency is a test without any of them.',
      severity: 'error',
      from: { path: '^src/inspect/' },
      to: { path: '^(src/(?!(inspect|nomad|mesos|volume)/)|commands/|bin/)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
