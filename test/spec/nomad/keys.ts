import { type Chapter, refused, same, vain } from './feature.js';

const MODES = 'access_mode = "single-node-writer" attachment_mode = "file-system"';

export const KEYS: Chapter = [
  // What Nomad does not know vanishes.
  same(
    'region = "x" read_only = true\nper_alloc = 1 constraint {}',
    'W 1:1 "region" has no effect',
    'W 1:14 "read_only" has no effect',
    'W 2:1 "per_alloc" has no effect',
    'W 2:15 "constraint" has no effect',
  ),
  same(
    'access_mode = "x"\nattachment_mode = "y"',
    'W 1:1 "access_mode" has no effect',
    'W 2:1 "attachment_mode" has no effect',
  ),
  same('a.b = 1', 'W 1:1 "a.b" has no effect'),
  same('capcity_min = "1GiB"', 'W 1:1 "capcity_min" has no effect [capacity_min]'),
  same('PluginID = "q"', 'W 1:1 "PluginID" has no effect [plugin_id]'),
  same('RequestedCapacityMin = 1', 'W 1:1 "RequestedCapacityMin" has no effect'),
  same(
    'topology_request { required { topologies { segments { a = 1 } } topology { segments { b = 1 } } } }',
    'W 1:31 "topologies" is left out',
  ),

  // Case.
  same('NAMESPACE = "x"\nExternal_ID = "y"\nCapacity_Min = 5'),
  same(`Capability { ${MODES} }\nMount_Options { fs_type = "xfs" }`),
  same('Topology_Request { required { topology { segments { a = 1 } } } }'),
  vain('Name = "x"', 'E 1:1 "name" is written in two ways'),
  vain('secrets {}\nSecrets { a = 1 }', 'E 2:1 "secrets" is written in two ways'),
  refused(
    'capability { ACCESS_MODE = "x" attachment_mode = "file-system" }',
    /invalid key: ACCESS_MODE/,
    'E 1:1 "access_mode" is missing in this capability',
    'E 1:14 Unknown key "ACCESS_MODE" in capability [access_mode]',
  ),

  // Go's names: what Nomad keeps itself is sent as it is written.
  same(
    'AccessMode = "x"\nSchedulable = true\nCreateIndex = 5\nProvider = 010',
    'W 1:1 "AccessMode" is Nomad\'s own state',
    'W 2:1 "Schedulable" is Nomad\'s own state',
    'W 3:1 "CreateIndex" is Nomad\'s own state',
    'W 4:1 "Provider" is Nomad\'s own state',
  ),
  same(
    'capacity = "0x10"\nnodeshealthy = true\nModifyIndex = -1\nCreateTime = 2.9\nControllerRequired = "F"',
    'W 1:1 "capacity" is Nomad\'s own state',
    'W 2:1 "nodeshealthy" is Nomad\'s own state',
    'W 3:1 "ModifyIndex" is Nomad\'s own state',
    'W 4:1 "CreateTime" is Nomad\'s own state',
    'W 5:1 "ControllerRequired" is Nomad\'s own state',
  ),
  refused('capacity = "10GiB"', /parsing|'Capacity'/, 'E 1:12 "capacity" cannot be set like this'),
  refused('Schedulable = "yes"', /'Schedulable'/, 'E 1:15 "Schedulable" cannot be set like this'),
  refused(
    'MountOptions { FSType = "xfs" }',
    /'MountOptions'/,
    'E 1:1 "MountOptions" cannot be set like this',
  ),
  refused(
    'RequestedTopologies {}',
    /'RequestedTopologies'/,
    'E 1:1 "RequestedTopologies" cannot be set like this',
  ),
  vain(
    'RequestedCapabilities { access_mode = "single-node-writer" }',
    'E 1:1 "RequestedCapabilities" cannot be set like this',
  ),
  vain('Topologies { Segments { a = 1 } }', 'E 1:1 "Topologies" cannot be set like this'),

  // Blocks that know their keys.
  refused(
    `capability { ${MODES} mode = 1 }`,
    /invalid key: mode/,
    'E 1:81 Unknown key "mode" in capability',
  ),
  refused(
    'mount_options { fstype = "xfs" }',
    /invalid key: fstype/,
    'E 1:17 Unknown key "fstype" in mount_options [fs_type]',
  ),
  refused(
    'topology_request { require {} }',
    /invalid key: require/,
    'W 1:1 "topology_request" asks for nothing',
    'E 1:20 Unknown key "require" in topology_request [required]',
  ),

  // Labels.
  same('mount_options "x" { fs_type = "xfs" }', 'W 1:15 A "mount_options" block takes no label'),
  same('topology_request "x" {}', 'W 1:18 A "topology_request" block takes no label'),
  refused(`capability "x" { ${MODES} }`, /./, 'E 1:12 A "capability" block takes no label'),
  refused('secrets "x" { a = 1 }', /./, 'E 1:9 "secrets" takes no label'),
  refused('parameters "x" { a = 1 }', /./, 'E 1:12 "parameters" takes no label'),
  refused('context "x" { a = 1 }', /./, 'E 1:9 "context" takes no label'),
  refused('namespace "x" {}', /./, 'E 1:1 "namespace" is no block'),
];

export const TWICE: Chapter = [
  same('namespace = "a"\nnamespace = "b"', 'W 1:1 "namespace" is written again below'),
  same('capacity_min = "1G"\ncapacity_min = "2G"', 'W 2:1 "capacity_min" is written above already'),
  same(
    'mount_options { fs_type = "xfs" }\nmount_options { fs_type = "ext4" }',
    'W 2:1 "mount_options" is written above already',
  ),
  same('mount_options { mount_flags = ["a"] mount_flags = ["b"] }'),
  same(
    `capability { ${MODES} }\ncapability { access_mode = "multi-node-reader-only" attachment_mode = "block-device" }`,
  ),
  same(
    'capability { access_mode = "x" access_mode = "multi-node-reader-only" attachment_mode = "block-device" }',
    'W 1:14 "access_mode" is written again below',
  ),
  same(
    'parameters { a = 1 b = 2 }\nparameters { b = 3 }',
    'W 1:20 "b" is written again in parameters below',
  ),
  same('secrets { a = 1 }\nsecrets = [{ b = 2 }, { c = 3 }]'),
  same(
    'topology_request { required { topology { segments { a = 1 } } } }\ntopology_request { preferred { topology { segments { b = 1 } } } }',
    'W 1:1 "topology_request" is written again below',
  ),
  same(
    'topology_request {\nrequired { topology { segments { a = 1 } } }\nrequired { topology { segments { b = 1 } } }\n}',
    'W 3:1 "required" is written above already',
  ),
  same('topology_request {\nrequired {}\nrequired { topology { segments { b = 1 } } }\n}'),
  same('parameters { a = "x" a = 0777 }', 'W 1:14 "a" is written again below'),
  refused(
    'parameters { a = 1 a = "x" }',
    /parsing "x"/,
    'E 1:24 "a" is a string here and was of another type before',
  ),

  // The whole file goes through one decoder first.
  refused(
    'foo = 1\nfoo = "x"',
    /parsing "x"/,
    'W 1:1 "foo" has no effect',
    'W 2:1 "foo" has no effect',
    'E 2:7 "foo" is a string here and was of another type before',
  ),
  refused(
    'foo {}\nfoo = [1]',
    /not an object type for map/,
    'W 1:1 "foo" has no effect',
    'W 2:1 "foo" has no effect',
    'E 2:7 "foo" is a list here and was of another type before',
  ),
  same('foo = [1]\nfoo {}', 'W 1:1 "foo" has no effect', 'W 2:1 "foo" has no effect'),
  refused(
    'foo "x" {}\nFoo {}',
    /map must have string keys/,
    'W 1:1 "foo" has no effect',
    'E 1:5 A "foo" block takes no label',
    'W 2:1 "Foo" has no effect',
  ),
  refused(
    'mount_options {\nfs_type = true\nfs_type = "xfs"\n}',
    /decodeBool/,
    'W 2:1 "fs_type" is written again below',
    'W 2:11 Pannier makes no file system "true"',
    'E 3:11 "fs_type" is a string here and was of another type before',
  ),
  refused(
    'topology_request { required {\ntopology { segments { a = 1 a = <<EOF\nx\nEOF\n } }\ntopology "x" {}\n} }',
    /./,
    'E 2:33 "a" is a string here and was of another type before',
    'E 6:10 A "topology" block takes no label',
    'W 6:10 "x" is left out',
  ),
];
