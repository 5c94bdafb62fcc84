/** Why Vault did not tell a secret. The message names the server and the path, and never a token or a value. */
export class VaultError extends Error {
  override readonly name = 'VaultError';

  constructor(
    message: string,
    /** What to do about it. */
    readonly remedy: string,
    /** HTTP's; undefined where there was no answer. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
