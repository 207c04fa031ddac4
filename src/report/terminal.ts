/** Where words go, and what the place can show. Made by cli.ts from the process. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** A person watches stderr: spinners are welcome. */
  readonly isLive: boolean;
  /** A person can answer questions. */
  readonly canAsk: boolean;
  /** A person reads stdout. */
  readonly isForPerson: boolean;
  readonly hasColour: boolean;
  readonly width: number;
  readonly wantsJson: boolean;
}
