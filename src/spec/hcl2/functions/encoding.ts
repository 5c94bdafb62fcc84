import { createHash } from 'node:crypto';
import { ANY, STRING } from '../value/type.js';
import { LOST, text } from '../value/value.js';
import { type Func, FunctionError, type Functions, textIn, textParameter } from './define.js';
import { fromJson, toJson } from './json.js';

function encode(make: (given: string) => string): Func {
  return {
    parameters: [textParameter('string')],
    result: STRING,
    call: (args) => text(make(textIn(args, 0))),
  };
}

function decodeBase64(given: string): string {
  const plain = given.replace(/[\r\n]/g, '');
  const bytes = Buffer.from(plain, 'base64');
  if (bytes.toString('base64') !== plain) throw new FunctionError('The text is not Base64', 0);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FunctionError('What it holds is not text in UTF-8', 0);
  }
}

/** A version 5 UUID: the same for the same namespace and name. */
function uuidv5(namespace: string, name: string): string {
  const parent = NAMESPACES[namespace] ?? namespace;
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(parent))
    throw new FunctionError('A UUID is required, or one of dns, url, oid and x500', 0);
  const bytes = createHash('sha1')
    .update(Buffer.from(parent.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const NAMESPACES: Readonly<Record<string, string>> = {
  dns: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  url: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  oid: '6ba7b812-9dad-11d1-80b4-00c04fd430c8',
  x500: '6ba7b814-9dad-11d1-80b4-00c04fd430c8',
};

function hash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'): Func {
  return encode((given) => createHash(algorithm).update(given).digest('hex'));
}

export const encodingFunctions: Functions = {
  base64encode: encode((given) => Buffer.from(given).toString('base64')),
  base64decode: encode(decodeBase64),
  urlencode: encode((given) => new URLSearchParams({ '': given }).toString().slice(1)),
  jsonencode: {
    parameters: [{ name: 'value', type: ANY, nullable: true }],
    result: STRING,
    call: ([value = LOST]) => text(toJson(value)),
  },
  jsondecode: {
    parameters: [textParameter('string')],
    result: ANY,
    call: (args) => {
      const value = fromJson(textIn(args, 0));
      if (value === undefined) throw new FunctionError('The text is not JSON', 0);
      return value;
    },
  },
  md5: hash('md5'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  uuidv5: {
    parameters: [textParameter('namespace'), textParameter('name')],
    result: STRING,
    call: (args) => text(uuidv5(textIn(args, 0), textIn(args, 1))),
  },
};
