import type { Finding } from '../../inspect/finding.js';
import { findInconsistencies } from '../../inspect/findings/all.js';
import type { Known, NodeView } from '../../inspect/known.js';
import { wordsOf } from '../../nomad/errors.js';
import { formatHandle, parseHandle } from '../../volume/handle.js';
import type { InspectedVolume } from '../../volume/inspect/inspected.js';
import { CommandError, EXIT, failureOf } from '../errors.js';
import { nearVolume } from '../nomad/find.js';
import { findVolumeByPrefix, notFound } from '../volumes.js';
import { askController, type InspectQuestion } from './controller.js';
import { mesosView } from './mesos.js';
import { askNode } from './nodes.js';
import { forgottenNodes, readNomad } from './nomad.js';
import type { Sources } from './sources.js';

/** Who was asked, and why he does not tell; null where he does. */
export interface AskedSource {
  readonly kind: 'nomad' | 'mesos' | 'controller' | 'node';
  readonly address: string | null;
  readonly problem: string | null;
}

/** All that could be found out of a volume. */
export interface Gathered extends Known {
  readonly sources: readonly AskedSource[];
  readonly findings: readonly Finding[];
}

/** What somebody tells; undefined where he does not, with the reason. */
type Told<T> =
  | { readonly value: T; readonly problem: null }
  | { readonly value: undefined; readonly problem: string };

/**
 * Asks everybody who may know of a volume. Throws CommandError: NOT_FOUND where those who were reached know nothing
 * of it, AMBIGUOUS, UNREACHABLE where nobody was reached.
 */
export async function gather(sources: Sources, id: string, countMs: number): Promise<Gathered> {
  let nomad = await tell(readNomad(sources.nomad, id));
  const { volume } = nomad.value ?? {};
  const controller = await askControllers(
    sources,
    {
      volumeId: volume?.ExternalID || id,
      context: volume?.Context ?? {},
      countMs,
    },
    volume === undefined && sources.nomad.settings.namespace === undefined,
  );
  const ceph = controller.told.value;
  const handle = ceph ? formatHandle(ceph.handle) : undefined;
  // A name that only the plugin knows may be a volume of Nomad's all the same, under its handle.
  if (nomad.value === null && handle !== undefined && handle !== id)
    nomad = await tell(readNomad(sources.nomad, handle));
  const about = handle ?? volume?.ExternalID ?? id;
  const [nodes, mesos] = await Promise.all([
    parseHandle(about) === undefined ? [] : askNodes(sources, about),
    askMesos(sources, about),
  ]);
  const known: Known = {
    nomad: nomad.value && {
      ...nomad.value,
      forgotten: await forgottenNodes(sources.nomad, nomad.value, nodesOf(ceph)),
    },
    mesos: mesos?.value,
    ceph,
    nodes: distinct(nodes.flatMap(({ told }) => (told.value ? [told.value] : []))),
    at: {
      nomad: nomad.value === undefined ? undefined : sources.nomad.settings.address,
      controller: ceph === undefined ? undefined : (controller.endpoint ?? undefined),
    },
  };
  const asked: AskedSource[] = [
    { kind: 'nomad', address: sources.nomad.settings.address, problem: nomad.problem },
    ...(sources.mesos === undefined || mesos === undefined
      ? []
      : [{ kind: 'mesos' as const, address: sources.mesos.address, problem: mesos.problem }]),
    { kind: 'controller', address: controller.endpoint, problem: controller.told.problem },
    ...nodes
      .filter(({ told }) => told.value !== null)
      .map(({ endpoint, told }) => ({
        kind: 'node' as const,
        address: endpoint,
        problem: told.problem,
      })),
  ];
  await requireSomething(id, sources, known, asked);
  return { ...known, sources: asked, findings: findInconsistencies(known) };
}

/** The nodes that an image is published on, or that have it open. */
function nodesOf(ceph: InspectedVolume | null | undefined): string[] {
  const { published = {}, watchers = [] } = ceph?.image ?? {};
  return [...Object.keys(published), ...watchers.flatMap(({ nodes }) => nodes ?? [])];
}

/** Whoever does not tell is no reason not to ask the others; who knows several is. */
async function tell<T>(asking: Promise<T>): Promise<Told<T>> {
  try {
    return { value: await asking, problem: null };
  } catch (error) {
    if (failureOf(error).code === 'AMBIGUOUS') throw error;
    return { value: undefined, problem: wordsOf(error) };
  }
}

/** Asks one controller after the other until one tells of the volume. */
async function askControllers(
  { controllers, hidden }: Sources,
  question: InspectQuestion,
  byName: boolean,
): Promise<{ endpoint: string | null; told: Told<InspectedVolume | null> }> {
  let last: { endpoint: string | null; told: Told<InspectedVolume | null> } = {
    endpoint: null,
    told: {
      value: undefined,
      problem: `no controller is known: name one with -endpoint or PANNIER_ENDPOINT${hidden === undefined ? '' : `, or let Nomad tell which run here: ${hidden}`}`,
    },
  };
  for (const { endpoint, plugin } of controllers) {
    let told = await tell(askController(plugin, question));
    if (told.value === null && byName) {
      const found = await tell(findVolumeByPrefix(plugin, question.volumeId));
      if (found.value)
        told = await tell(askController(plugin, { ...question, volumeId: found.value.id }));
    }
    if (told.value) return { endpoint, told };
    if (last.told.value === undefined) last = { endpoint, told };
  }
  return last;
}

async function askMesos({ mesos }: Sources, volumeId: string) {
  return mesos && tell(mesos.read().then((agents) => mesosView(agents, volumeId)));
}

async function askNodes({ nodes }: Sources, volumeId: string) {
  const asked = nodes.map(async ({ endpoint, plugin, named }) => {
    const told = await tell(askNode(plugin, endpoint, volumeId));
    const silent = told.value === null ? 'it is no node of Pannier' : told.problem;
    // One that nobody asked for is told of only where it has something to tell.
    if (!named && told.value === undefined)
      return { endpoint, told: { value: null, problem: null } as const };
    return named && told.value === null
      ? { endpoint, told: { value: undefined, problem: silent ?? '' } as const }
      : { endpoint, told };
  });
  return Promise.all(asked);
}

/**
 * A node that was reached at two endpoints is one node. Two plugins may be one node too, as Mesos's provider and its
 * isolator have one each: the one that has nothing of the volume does not count beside the other.
 */
function distinct(nodes: readonly NodeView[]): NodeView[] {
  const words = ({ nodeId, hostname, stagings }: NodeView) =>
    JSON.stringify([nodeId, hostname, ...stagings.map(({ path }) => path)]);
  const views = [...new Map(nodes.map((node) => [words(node), node])).values()];
  return views.filter(
    (node) =>
      hasSomething(node) || !views.some((one) => isSameNode(one, node) && hasSomething(one)),
  );
}

function isSameNode(one: NodeView, other: NodeView): boolean {
  return one.nodeId === other.nodeId && one.hostname === other.hostname;
}

function hasSomething({ stagings, mapping }: NodeView): boolean {
  return stagings.length > 0 || mapping !== undefined;
}

async function requireSomething(
  id: string,
  sources: Sources,
  { nomad, mesos, ceph, nodes }: Known,
  asked: readonly AskedSource[],
): Promise<void> {
  const onNode = nodes.some(hasSomething);
  if (nomad || mesos || ceph || onNode) return;
  const silent = asked.filter(({ problem }) => problem !== null);
  const reasons = silent.map(({ kind, problem }) => `${kind}: ${problem}`).join('; ');
  if (nomad === undefined && ceph === undefined)
    throw new CommandError(`nobody can tell of volume "${id}": ${reasons}`, {
      code: 'UNREACHABLE',
      exitCode: EXIT.unreachable,
      remedy:
        'Name Nomad with -address or NOMAD_ADDR, a controller with -endpoint or PANNIER_ENDPOINT.',
    });
  const near = nomad === null ? await nearVolume(sources.nomad, id) : '';
  if (silent.length === 0) notFound(id, near);
  throw new CommandError(`volume "${id}" does not exist as far as can be told: ${reasons}${near}`, {
    code: 'NOT_FOUND',
    remedy: 'List what exists with `pannier volume status`.',
  });
}
