/** Version of this program; written into every file it makes. */
export const VERSION = '0.1.0';
