/** A file that is whole, but of a kind that is not read; the message says which. */
export class UnreadDicom extends Error {}
