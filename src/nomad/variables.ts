import type { NomadClient } from './client.js';

/** The items of one of Nomad's variables, or undefined where there is no variable at that path. */
export async function readVariable(
  nomad: NomadClient,
  path: string,
  namespace?: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  // A path has slashes, which stay.
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  const answer = await nomad.find<{ readonly Items?: Readonly<Record<string, string>> | null }>(
    `/v1/var/${escaped}`,
    { namespace, needs: `a policy that lets it read the variable "${path}"` },
  );
  return answer && (answer.document.Items ?? {});
}
