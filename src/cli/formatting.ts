import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { replaceFile } from '../files/replace.js';
import { type Formatted, formatText } from '../spec/format/text.js';
import { cannotRead } from './errors.js';

/** A file that was looked at. */
export interface FormattedFile extends Formatted {
  readonly file: string;
  /** True where its layout was another one. */
  readonly changed: boolean;
}

const EXTENSIONS: readonly string[] = ['.hcl', '.nomad'];

/** The files to format: those that are named, and of folders those that are HCL by their names. */
export async function filesToFormat(
  paths: readonly string[],
  recursive: boolean,
): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map(async (path) =>
      (await stat(path)).isDirectory() ? filesIn(path, recursive) : [path],
    ),
  ).catch((error: NodeJS.ErrnoException) => {
    throw cannotRead(error.path ?? paths.join(' '), error);
  });
  return [...new Set(found.flat())];
}

/** What is hidden is left alone. */
async function filesIn(folder: string, recursive: boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const visible = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const found = await Promise.all(
    visible.map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return recursive ? filesIn(path, true) : [];
      return EXTENSIONS.includes(extname(entry.name)) ? [path] : [];
    }),
  );
  return found.flat();
}

/** Formats a file; with `write`, in place. */
export async function formatFile(file: string, write: boolean): Promise<FormattedFile> {
  const before = await readFile(file);
  const formatted = formatText(before, file);
  const { text } = formatted;
  const changed = text !== undefined && text !== before.toString();
  if (changed && write) await replaceFile(file, text);
  return { ...formatted, file, changed };
}
