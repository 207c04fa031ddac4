import { input, select } from '@inquirer/prompts';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** Asks for one of several; loaded only when a person is there to answer. */
export const askChoice = (message: string, choices: readonly Choice[], preset: string): Promise<string> =>
  select({ message, choices: choices.map(({ value, label }) => ({ value, name: label })), default: preset });

export const askText = (message: string, preset: string): Promise<string> =>
  input({ message, default: preset });

/** Asks for a word that must be typed as it stands. Deleting data deserves more than a y. */
export const askWord = (message: string): Promise<string> => input({ message });
