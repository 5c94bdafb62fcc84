/** Something that `pannier dev` cannot do, and what the reader can do about it. */
export class DevError extends Error {
  override readonly name = 'DevError';

  constructor(
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
