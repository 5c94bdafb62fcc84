/** What work that a command runs says, and how: PannierCommand does it. */
export interface Output {
  /** True where a person reads: neither -json nor -t. */
  readonly forPeople: boolean;
  /** Has these texts left out of all that is said from now on. */
  conceal(texts: readonly string[]): void;
  /** Prints data: as JSON, through the template, or as the text. */
  data(data: unknown, text: () => string): Promise<void>;
  /** Prints a line for a person. */
  text(line: string): void;
  /** A section's heading. */
  heading(title: string): string;
  /** Says what is being done. */
  monitor(line: string): void;
  /** Shows what was noticed, which says itself that it is a warning. */
  notice(text: string): void;
  warn(message: string): unknown;
  /** Waits for work that may take longer than a second. */
  progress<T>(label: string, work: Promise<T>): Promise<T>;
}
