/** Types of app_files.mjs for the tests. */
export function withServers(html: string, servers: string): string;
