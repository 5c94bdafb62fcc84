import { formatHandle } from '../../../volume/handle.js';
import { type Cell, keyValues } from '../../columns.js';
import type { Gathered } from '../gather.js';
import { findingsText } from './findings.js';
import { imageSections } from './image.js';
import { mesosSections } from './mesos.js';
import { nodeSections } from './node.js';
import { nomadSections } from './nomad.js';

/** Makes a heading of a title. */
type Heading = (title: string) => string;

/** All of a volume on one page: what is there, what could not be read and why, and what does not fit together. */
export function page(gathered: Gathered, id: string, heading: Heading): string {
  const { findings } = gathered;
  const sections = [
    ...nomadSections(gathered),
    ...mesosSections(gathered),
    ...imageSections(gathered),
    ...nodeSections(gathered),
  ];
  const marked = sections.map(({ title, body, part }) => {
    const count = findings.filter((finding) => finding.part === part).length;
    return `${heading(count === 0 ? title : `${title} (!)`)}\n${body}`;
  });
  return [
    keyValues(head(gathered, id)),
    ...marked,
    `${heading('Inconsistencies')}\n${findingsText(gathered)}`,
  ].join('\n\n');
}

function head(gathered: Gathered, id: string): Array<[string, Cell]> {
  const { nomad, ceph, findings } = gathered;
  const handle = ceph ? formatHandle(ceph.handle) : nomad?.volume.ExternalID;
  return [
    ['ID', nomad?.volume.ID ?? ceph?.record?.name ?? id],
    ...(nomad ? [['Namespace', nomad.volume.Namespace] satisfies [string, Cell]] : []),
    ['Handle', handle],
    ['Inconsistencies', findings.length === 0 ? 'none found' : findings.length],
  ];
}
