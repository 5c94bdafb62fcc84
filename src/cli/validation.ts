import { hasErrors, type Sources } from '../spec/diagnostic.js';
import { tellDuplicates } from '../spec/duplicates.js';
import { type ReadOptions, readSpec } from '../spec/read.js';
import { diagnosticsToJson, type JsonDiagnostic } from '../spec/render.js';
import type { Told } from './mistakes.js';

/** What editors and scripts get. */
export interface Validation {
  readonly valid: boolean;
  readonly errorCount: number;
  readonly warningCount: number;
  /** Those that can be used, in the order of the files. */
  readonly volumes: ReadonlyArray<{
    readonly file: string;
    readonly id: string;
    readonly name: string;
  }>;
  readonly diagnostics: readonly JsonDiagnostic[];
}

/** Reads files of specifications, each once, and looks at their volumes together. */
export async function validateSpecs(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<{ readonly validation: Validation; readonly told: readonly Told[] }> {
  const files: Array<Told & { readonly volumes: Validation['volumes'] }> = [];
  const all = [];
  for (const path of new Set(paths)) {
    const { specs = [], diagnostics, sources } = await readSpec(path, options);
    const file = path === '-' ? '<stdin>' : path;
    all.push(...specs);
    files.push({
      diagnostics,
      sources,
      volumes: specs.map(({ id, name }) => ({ file, id, name })),
    });
  }
  const sources: Sources = new Map(files.flatMap((file) => [...file.sources]));
  const told = [...files, { diagnostics: tellDuplicates(all), sources }];
  const diagnostics = told.flatMap((part) => diagnosticsToJson(part.diagnostics));
  const count = (severity: JsonDiagnostic['severity']) =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  return {
    told,
    validation: {
      valid: !told.some((part) => hasErrors(part.diagnostics)),
      errorCount: count('error'),
      warningCount: count('warning'),
      volumes: files.flatMap(({ volumes }) => volumes),
      diagnostics,
    },
  };
}
