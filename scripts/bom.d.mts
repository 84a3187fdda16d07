/** Types of bom.mjs for the tests. */
export const ALLOWED: readonly string[];
export function originOf(id: string, root: string): { folder?: string; name?: string } | null;
export function modulesIn(outputs: readonly { modules?: Record<string, { renderedLength?: number }> }[]): Set<string>;
export function objections(component: { name: string; license?: string; text?: string }, notice: string): string[];
export function billOf(modules: Map<string, Iterable<string>>, root: string): { bom: string; licenses: string };
