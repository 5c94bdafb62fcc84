/** The only resource provider of Mesos's own that uses CSI. */
export const STORAGE_PROVIDER = 'org.apache.mesos.rp.local.storage';

export const NAME_RULE = 'letters, digits and underscores';
export const TYPE_RULE = 'letters, digits and underscores, in parts separated by dots';

/** True for what Mesos takes as the name of a resource provider or a CSI plugin. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(text);
}

/** True for what Mesos takes as the type of a CSI plugin. */
export function isType(text: string): boolean {
  return text.split('.').every(isName);
}
