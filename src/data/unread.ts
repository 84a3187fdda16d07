/** What is wrong with a picture that is whole, but of a kind that is not read: converting helps, copying does not. */
export class UnreadPicture extends Error {}
