import type { Func } from './define.js';
import { encodingFunctions } from './encoding.js';
import { formatFunctions } from './format.js';
import { listFunctions } from './list.js';
import { mapFunctions } from './map.js';
import { numberFunctions } from './number.js';
import { outsideFunctions } from './outside.js';
import { patternFunctions } from './pattern.js';
import { setFunctions } from './set.js';
import { stringFunctions } from './string.js';
import { typeFunctions } from './type.js';

/** Every function by its name, but can and try, whose arguments may fail. */
export const FUNCTIONS: ReadonlyMap<string, Func> = new Map(
  [
    stringFunctions,
    patternFunctions,
    formatFunctions,
    listFunctions,
    mapFunctions,
    setFunctions,
    numberFunctions,
    encodingFunctions,
    typeFunctions,
    outsideFunctions,
  ].flatMap((group) => Object.entries(group)),
);
