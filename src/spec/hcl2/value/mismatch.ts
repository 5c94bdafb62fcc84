import type { Type } from './model.js';
import { aType } from './type.js';
import { convertible } from './unify.js';

/** Why values of one type cannot become values of another. */
export function mismatch(from: Type, to: Type): string {
  if (from.kind === 'object' && to.kind === 'object') {
    const missing = [...to.attributes].find(
      ([name, { optional }]) => optional === undefined && !from.attributes.has(name),
    );
    if (missing !== undefined) return `attribute "${missing[0]}" is required`;
    for (const [name, { type }] of to.attributes) {
      const own = from.attributes.get(name);
      if (own !== undefined && !convertible(own.type, type))
        return `attribute "${name}": ${mismatch(own.type, type)}`;
    }
  }
  if (from.kind === 'tuple' && to.kind === 'tuple' && from.elements.length !== to.elements.length)
    return `${to.elements.length} elements are required, and ${from.elements.length} are given`;
  if (from.kind === 'tuple' && (to.kind === 'list' || to.kind === 'set')) {
    const at = from.elements.findIndex((element) => !convertible(element, to.element));
    const element = from.elements[at];
    return element === undefined || to.element.kind === 'any'
      ? 'all elements must be of one type, and no type fits them all'
      : `element ${at}: ${mismatch(element, to.element)}`;
  }
  if (from.kind === 'object' && to.kind === 'map') {
    const entry = [...from.attributes].find(([, { type }]) => !convertible(type, to.element));
    return entry === undefined || to.element.kind === 'any'
      ? 'all elements must be of one type, and no type fits them all'
      : `element "${entry[0]}": ${mismatch(entry[1].type, to.element)}`;
  }
  return `${aType(to)} is required, and this is ${aType(from)}`;
}
