/**
 * Where values are kept that a specification names instead of holding them. Each answers the text under a key,
 * or throws an Error whose message says why not and holds no secret. Each has a time limit of its own.
 */
export interface Lookups {
  /** An item of a Nomad variable. */
  nomadVariable(path: string, key: string): Promise<string>;
  /** A field of a secret in one of Vault's key/value engines. */
  vault(path: string, key: string): Promise<string>;
  /** The value of a key in Consul. */
  consulKey(key: string): Promise<string>;
}
