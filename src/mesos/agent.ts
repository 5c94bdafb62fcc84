import type { MesosClient } from './client.js';
import type { Resource, Valued } from './resources.js';

/** What an agent says of itself. */
export interface AgentInfo {
  readonly id: string;
  readonly hostname: string;
}

/** The agent that is asked. */
export async function readAgentInfo(agent: MesosClient): Promise<AgentInfo> {
  const { agent_info: info } = await agent.ask<{
    readonly agent_info: { readonly hostname: string; readonly id?: Valued };
  }>({ type: 'GET_AGENT' });
  return { id: info?.id?.value ?? '', hostname: info?.hostname ?? '' };
}

/** The agent's flags, by their names. */
export async function readFlags(agent: MesosClient): Promise<ReadonlyMap<string, string>> {
  const { flags = [] } = await agent.ask<{
    readonly flags: ReadonlyArray<{ readonly name: string; readonly value?: string }>;
  }>({ type: 'GET_FLAGS' });
  return new Map(flags.map(({ name, value = '' }) => [name, value]));
}

/** A CSI plugin as Mesos knows it: `CSIPluginInfo`. */
export interface PluginInfo {
  readonly type: string;
  readonly name?: string;
}

/** A resource provider that is connected to its agent. */
export interface ResourceProvider {
  readonly resource_provider_info: {
    readonly id: Valued;
    readonly type: string;
    readonly name: string;
    readonly default_reservations?: ReadonlyArray<{ readonly role?: string }>;
    readonly storage?: { readonly plugin: PluginInfo };
  };
  readonly total_resources?: readonly Resource[];
}

/** Resource providers that are connected; one that has failed is missing. */
export async function listProviders(agent: MesosClient): Promise<readonly ResourceProvider[]> {
  const { resource_providers: providers = [] } = await agent.ask<{
    readonly resource_providers: readonly ResourceProvider[];
  }>({ type: 'GET_RESOURCE_PROVIDERS' });
  return providers;
}

/** An operation on resources that is not over, or whose end nobody has acknowledged. */
export interface Operation {
  /** A UUID, which is the CSI name of what a CREATE_DISK makes. */
  readonly uuid: string;
  /** CREATE_DISK, for one. */
  readonly type: string;
  /** OPERATION_PENDING, for one. */
  readonly state: string;
  readonly message: string | null;
  /** Null where it comes from an operator. */
  readonly frameworkId: string | null;
  /** The volume that it is about; null where there is none yet. */
  readonly volumeId: string | null;
}

interface OperationMessage {
  readonly uuid: Valued;
  readonly framework_id?: Valued;
  readonly info: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly latest_status?: { readonly state: string; readonly message?: string };
}

export async function listOperations(agent: MesosClient): Promise<readonly Operation[]> {
  const { operations = [] } = await agent.ask<{ readonly operations: readonly OperationMessage[] }>(
    { type: 'GET_OPERATIONS' },
  );
  return operations.map(({ uuid, framework_id: framework, info, latest_status: status }) => {
    const body = info[info.type.toLowerCase()] as { readonly source?: Resource } | undefined;
    return {
      uuid: uuidOf(uuid.value),
      type: info.type,
      state: status?.state ?? 'OPERATION_PENDING',
      message: status?.message || null,
      frameworkId: framework?.value ?? null,
      volumeId: body?.source?.disk?.source?.id ?? null,
    };
  });
}

/** The text of a UUID that JSON has as its bytes. */
function uuidOf(base64: string): string {
  const hex = Buffer.from(base64, 'base64').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, '$1-$2-$3-$4-$5');
}

/** A container that belongs to no framework, as those of CSI plugins do. */
export interface StandaloneContainer {
  readonly id: string;
  /** Undefined where it does not run, or no longer. */
  readonly pid: number | undefined;
}

export async function listStandalone(agent: MesosClient): Promise<readonly StandaloneContainer[]> {
  const { containers = [] } = await agent.ask<{
    readonly containers: ReadonlyArray<{
      readonly container_id: Valued & { readonly parent?: Valued };
      readonly framework_id?: Valued;
      readonly container_status?: { readonly executor_pid?: number };
    }>;
  }>({ type: 'GET_CONTAINERS', get_containers: { show_nested: false, show_standalone: true } });
  return containers
    .filter(({ framework_id, container_id }) => !framework_id && !container_id.parent)
    .map(({ container_id: { value: id }, container_status: status }) => ({
      id,
      pid: status?.executor_pid,
    }));
}

const SIGKILL = 9;

/** Ends a container that belongs to no framework. NOT_FOUND where there is none. */
export async function killContainer(agent: MesosClient, id: string): Promise<void> {
  await agent.order({
    type: 'KILL_CONTAINER',
    kill_container: { container_id: { value: id }, signal: SIGKILL },
  });
}

/** Waits until a container has ended. */
export async function waitContainer(agent: MesosClient, id: string): Promise<void> {
  await agent.ask({ type: 'WAIT_CONTAINER', wait_container: { container_id: { value: id } } });
}
