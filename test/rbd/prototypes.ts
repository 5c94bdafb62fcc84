/** A function as a header declares it. */
export interface Prototype {
  readonly result: string;
  readonly parameters: readonly string[];
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
const ATTRIBUTE = /__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)/g;
const EXPORTED = /CEPH_(?:RADOS|RBD)_API\s+([^;{}]*?)\b(\w+)\s*\(([^;{}]*)\)[^;{}()]*;/g;
const FUNCTION_POINTER = /^([^(]*)\(\s*\*\s*\w*\s*\)\s*\(([\s\S]*)\)$/;
/** Words that do not end a type on their own. */
const QUALIFIERS = ['const', 'struct', 'enum', 'unsigned', 'signed', 'long'];

/** The prototypes that a header exports, by name, their types written in one way. */
export function prototypes(header: string): ReadonlyMap<string, Prototype> {
  const found = new Map<string, Prototype>();
  for (const [, result = '', name = '', parameters = ''] of header
    .replace(COMMENT, ' ')
    .replace(ATTRIBUTE, ' ')
    .matchAll(EXPORTED))
    found.set(name, { result: typeOf(result), parameters: list(parameters) });
  return found;
}

/** The name of every declaration that the headers contradict, with both sides. */
export function differences(
  declared: Readonly<Record<string, readonly [string, readonly string[], string]>>,
  headers: ReadonlyMap<string, Prototype>,
): readonly string[] {
  return Object.entries(declared).flatMap(([name, [result, parameters]]) => {
    const header = headers.get(name);
    const ours = format({ result, parameters });
    const theirs = header === undefined ? 'nothing' : format(header);
    return ours === theirs ? [] : [`${name}: declared ${ours}, the header has ${theirs}`];
  });
}

function format({ result, parameters }: Prototype): string {
  return `${result} (${parameters.join(', ')})`;
}

function list(parameters: string): readonly string[] {
  const types = split(parameters).map(typeOf);
  return types.length === 1 && (types[0] === 'void' || types[0] === '') ? [] : types;
}

/** Parts between commas that are in no bracket. */
function split(text: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts;
}

/** The type in a parameter's declaration, without its name and without what its own `const` says. */
function typeOf(declaration: string): string {
  const pointer = FUNCTION_POINTER.exec(declaration.trim());
  if (pointer !== null) {
    const [, result = '', parameters = ''] = pointer;
    return `${typeOf(result)} (*)(${list(parameters).join(', ')})`;
  }
  const tokens: string[] = declaration.match(/\w+|\*/g) ?? [];
  const words = tokens.filter((token) => token !== '*' && !QUALIFIERS.includes(token));
  if (words.length > 1) tokens.splice(tokens.lastIndexOf(words.at(-1) ?? ''), 1);
  const star = tokens.indexOf('*') === -1 ? tokens.length : tokens.indexOf('*');
  const base = tokens.slice(0, star);
  const stars = tokens.slice(star);
  if (stars.at(-1) === 'const') stars.pop();
  const named = base.filter((token) => token !== 'const');
  const constant = base.includes('const') && stars.length > 0 ? ['const'] : [];
  const text = [...constant, ...named].join(' ');
  return stars.length === 0 ? text : `${text} ${stars.join('').replace(/const(?=\*)/g, 'const ')}`;
}
