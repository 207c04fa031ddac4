import { input, password, select } from '@inquirer/prompts';
import { refused } from '../errors.ts';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** Asks for one of several; loaded only when a person is there to answer. */
/** @throws AiplatError (exit 2) for one who leaves instead of an answer (Ctrl-C). */
const answered = <T>(question: Promise<T>): Promise<T> =>
  question.catch((thrown: unknown) => {
    if ((thrown as Error).name !== 'ExitPromptError') throw thrown;
    throw refused(
      'The question was left without an answer.',
      'Ctrl-C was pressed.',
      'Run the same command again, or give the answer as an option: --help shows all.',
      thrown,
    );
  });

export const askChoice = (message: string, choices: readonly Choice[], preset: string): Promise<string> =>
  answered(
    select({
      message,
      choices: choices.map(({ value, label }) => ({ value, name: label })),
      default: preset,
    }),
  );

export const askText = (message: string, preset: string): Promise<string> =>
  answered(input({ message, default: preset }));

/** Asks for what nobody should see. */
export const askSecret = (message: string): Promise<string> => answered(password({ message, mask: true }));

/** Asks for a word that must be typed as it stands. Deleting data deserves more than a y. */
export const askWord = (message: string): Promise<string> => answered(input({ message }));
