/** Something that sends mail, and that the soak pulls to pieces. */
export interface SoakSubject {
  readonly name: string;
  /** Starts a process that sends. */
  startWorker(): Promise<SoakWorker>;
  /** Accepts a mail; resolves once it says that it has it. A rejection means that it says it has not. */
  accept(recipient: string): Promise<void>;
  /** Waits until nothing more will happen, and says what it tells of each recipient. */
  settle(): Promise<Map<string, SoakOutcome>>;
  close(): Promise<void>;
}

export interface SoakWorker {
  kill(): Promise<void>;
}

/** What the subject itself says of a mail; nothing, where it has forgotten it. */
export interface SoakOutcome {
  /** `arrived`: it says that the mail is sent; `ended`: it says that it is not, and why. */
  readonly state: 'arrived' | 'ended';
  /** Attempts of which it knows that nobody knows how they ended. */
  readonly ambiguous: number;
}
