import { errorAt, type Range, warningAt } from '../../spec/diagnostic.js';
import type { Json } from './json.js';
import { checkShape, itemsOf, member, type Report, type Shape, textOf } from './shape.js';

/** Mesos's own adaptor, that reads a file of profiles. */
export const PROFILE_ADAPTOR = 'org_apache_mesos_UriDiskProfileAdaptor';
export const PROFILE_LIBRARY = 'liburi_disk_profile_adaptor.so';

/** `Modules`. */
const SHAPE: Shape = {
  fields: {
    libraries: {
      required: {
        list: {
          fields: {
            file: 'string',
            name: 'string',
            modules: {
              list: {
                fields: {
                  name: { required: 'string' },
                  parameters: { list: { fields: { key: 'string', value: 'string' } } },
                },
              },
            },
          },
        },
      },
    },
  },
};

/** How Mesos writes a length of time. */
const DURATION = /^(?:\d+|\d*\.\d+|\d+\.\d*)(?:ns|us|ms|secs|mins|hrs|days|weeks)$/;

/** A file of the agent's --modules or --modules_dir. */
export function checkModules(file: Json, report: Report): void {
  checkShape(file, SHAPE, 'modules', report);
  for (const library of itemsOf(member(file, 'libraries'))) {
    if (member(library, 'file') === undefined && member(library, 'name') === undefined)
      report(errorAt(library.range, 'A library has a "file" or a "name"', 'Mesos needs either.'));
    for (const one of itemsOf(member(library, 'modules')))
      if (textOf(member(one, 'name')) === PROFILE_ADAPTOR) checkAdaptor(one, report);
  }
}

interface Parameter {
  readonly value: string;
  readonly range: Range;
}

function checkAdaptor(adaptor: Json, report: Report): void {
  const parameters = new Map<string, Parameter>();
  for (const one of itemsOf(member(adaptor, 'parameters'))) {
    const [key, value] = [textOf(member(one, 'key')), textOf(member(one, 'value'))];
    if (key !== undefined && value !== undefined) parameters.set(key, { value, range: one.range });
  }
  const uri = parameters.get('uri');
  if (uri === undefined)
    report(
      errorAt(
        adaptor.range,
        `${PROFILE_ADAPTOR} needs the parameter "uri"`,
        'The agent does not start without: it names the map of profiles.',
      ),
    );
  else if (!/^(?:file:\/\/)?\/|^https?:\/\//.test(uri.value))
    report(
      errorAt(
        uri.range,
        'The uri is no absolute path, http:// or https://',
        'The agent does not start with it.',
      ),
    );
  for (const key of ['poll_interval', 'max_random_wait']) {
    const time = parameters.get(key);
    if (time !== undefined && !DURATION.test(time.value))
      report(
        errorAt(
          time.range,
          `"${time.value}" is no time of Mesos's`,
          'Write 10secs, 5mins or 1hrs.',
        ),
      );
  }
  if (!parameters.has('poll_interval'))
    report(
      warningAt(
        adaptor.range,
        'The map of profiles is read once',
        'With "poll_interval" new profiles are seen without a start of the agent.',
      ),
    );
}
