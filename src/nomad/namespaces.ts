import type { NomadClient } from './client.js';

/** A namespace that the token may see. */
export interface Namespace {
  readonly Name: string;
  readonly Description: string;
}

/** The namespaces that the token may see. */
export async function listNamespaces(nomad: NomadClient): Promise<readonly Namespace[]> {
  const { document } = await nomad.read<readonly Namespace[] | null>('/v1/namespaces', {
    needs: 'any capability in a namespace',
  });
  return document ?? [];
}
