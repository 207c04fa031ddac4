/** Steps about models; what all steps have stands in stack/step.ts. */
export type ModelDeed =
  | {
      readonly do: 'pull model';
      /** The container of the tenant's Ollama. */
      readonly container: string;
      /** The tenant's subnet: nobody else is asked. */
      readonly subnet: string;
      /** Where the volume is mounted that has to take it. */
      readonly volume: string;
    }
  | { readonly do: 'remove model'; readonly container: string; readonly subnet: string };
