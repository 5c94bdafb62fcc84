import type { Lookups } from '../../lookups.js';
import type { Answer, Reference } from '../host.js';

/** What has been looked up, by reference. */
export type Answers = Map<string, Answer>;

export function keyOf(reference: Reference): string {
  return JSON.stringify([reference.source, ...reference.arguments]);
}

/** Looks up what is wanted and not known yet, all at once. */
export async function answerAll(
  wanted: readonly Reference[],
  answers: Answers,
  lookups: Lookups,
): Promise<void> {
  const missing = new Map(wanted.map((reference) => [keyOf(reference), reference] as const));
  await Promise.all(
    [...missing].map(async ([key, reference]) => {
      answers.set(key, await answer(reference, lookups));
    }),
  );
}

async function answer(reference: Reference, lookups: Lookups): Promise<Answer> {
  const [first = '', second = ''] = reference.arguments;
  try {
    switch (reference.source) {
      case 'nomad_variable':
        return { text: await lookups.nomadVariable(first, second) };
      case 'vault':
        return { text: await lookups.vault(first, second) };
      case 'consul_key':
        return { text: await lookups.consulKey(first) };
    }
  } catch (error) {
    const { message, remedy } = error as Error & { readonly remedy?: string };
    const problem = [message, remedy]
      .flatMap((sentence) => sentence?.replace(/\.$/, '') ?? [])
      .map((sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1))
      .join('. ');
    return { problem };
  }
}
