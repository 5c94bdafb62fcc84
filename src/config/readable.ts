import { accessSync, constants } from 'node:fs';
import { sentence } from './choose.js';

/** Why this process cannot read a file, as a sentence; undefined where it can. */
export function unreadableFile(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return sentence((error as Error).message);
  }
}
