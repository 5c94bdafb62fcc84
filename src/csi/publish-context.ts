/** The key under which ControllerPublishVolume tells the node that it may only read. */
const READONLY = 'readonly';

/** What ControllerPublishVolume answers, and NodeStageVolume and NodePublishVolume get. */
export function publishContext(readonly: boolean): Record<string, string> {
  return readonly ? { [READONLY]: 'true' } : {};
}

/** True where the controller gave the volume to this node for reading only. */
export function isReadonlyHere(context: Readonly<Record<string, string>>): boolean {
  return context[READONLY] === 'true';
}
