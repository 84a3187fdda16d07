/** Name of the cause of an error where a server refuses whoever asks, whatever was asked for. */
export const REFUSED = 'Refused';
