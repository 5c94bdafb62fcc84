import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reference } from '../host.js';
import { STRING } from '../value/type.js';
import { marked, text, unknown } from '../value/value.js';
import { type Func, FunctionError, type Functions, textIn, textParameter } from './define.js';

/** More is no parameter and no key, and reading it would stop everything else. */
const MAX_FILE_BYTES = 1 << 20;

function readBytes(path: string, folder: string): Buffer {
  const whole = resolve(folder, path);
  try {
    if (statSync(whole).size > MAX_FILE_BYTES)
      throw new FunctionError(`The file has more than ${MAX_FILE_BYTES} bytes`, 0);
    return readFileSync(whole);
  } catch (error) {
    if (error instanceof FunctionError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new FunctionError(
      code === 'ENOENT' ? `There is no file ${whole}` : `The file cannot be read: ${code}`,
      0,
    );
  }
}

function fileFunction(decode: (bytes: Buffer) => string): Func {
  return {
    parameters: [textParameter('path')],
    result: STRING,
    quotes: true,
    call: (args, { host }) => text(decode(readBytes(textIn(args, 0), host.folder))),
  };
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FunctionError('The file is not text in UTF-8; filebase64(…) reads any file', 0);
  }
}

/** A value that another system keeps. It is sensitive whatever it is. */
function lookedUp(source: Reference['source'], names: readonly string[]): Func {
  return {
    parameters: names.map(textParameter),
    result: STRING,
    quotes: true,
    call: (args, { host, want }) => {
      const reference = { source, arguments: names.map((_, at) => textIn(args, at)) };
      const answer = host.answer(reference);
      if (answer === undefined) {
        want(reference);
        return marked(unknown(STRING), true);
      }
      if ('problem' in answer) throw new FunctionError(answer.problem);
      return marked(text(answer.text), true);
    },
  };
}

export const outsideFunctions: Functions = {
  env: {
    parameters: [textParameter('name')],
    result: STRING,
    quotes: true,
    call: (args, { host }) => {
      const name = textIn(args, 0);
      const value = host.environment[name];
      if (value === undefined)
        throw new FunctionError(
          `The environment variable ${name} is not set; try(env("${name}"), "…") gives a default`,
          0,
        );
      return text(value);
    },
  },
  file: fileFunction(utf8),
  filebase64: fileFunction((bytes) => bytes.toString('base64')),
  nomad_variable: lookedUp('nomad_variable', ['path', 'key']),
  vault: lookedUp('vault', ['path', 'key']),
  consul_key: lookedUp('consul_key', ['key']),
};
