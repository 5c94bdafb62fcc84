import { parseHandle } from '../../volume/handle.js';
import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { lookUpVolume, notFound } from '../volumes.js';

/** Deletes a volume straight through a controller. */
export async function deleteStraight(
  output: Output,
  endpoint: string,
  text: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const found = await output.progress('Looking it up', lookUpVolume(plugin, text));
  if (found === undefined && parseHandle(text) === undefined) notFound(text);
  const id = found?.id ?? text;
  // Also where no volume shows under the handle: what is left of a deletion does not show either.
  await output.progress(
    'DeleteVolume',
    plugin.controller.deleteVolume({ volumeId: id, secrets: { ...secrets } }),
  );
  if (found === undefined) notFound(id);
  await output.data({ id }, () => `Successfully deleted volume "${id}"!`);
}
