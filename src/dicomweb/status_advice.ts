/** What was asked of a server: something that it finds, an object, or that it stores one. */
export type Wish = 'search' | 'fetch' | 'send';

const ADDRESS = 'check the address of the service';

/**
 * What a status of a DICOMweb server means for what was asked, and what helps: the rest of a sentence. One that says nothing of its
 * cause gets the most frequent one, an address that is not the service's.
 */
export function statusAdvice(status: number, wish: Wish): string {
  const known = ADVICE[status];
  if (!known) return wish === 'send' ? 'ask who runs it whether it stores such objects' : ADDRESS;
  return known[wish] ?? ADDRESS;
}

const ADVICE: Readonly<Record<number, Partial<Record<Wish, string>>>> = {
  400: {
    search: 'it does not understand what is searched for; check what stands behind the ? of the address',
    fetch: 'it does not understand what it is asked; ask who runs it',
    send: 'it cannot read the message; ask who runs it whether it stores DICOM files by STOW-RS',
  },
  404: { send: 'it stores nothing at that address; check it' },
  405: { send: 'it stores nothing at that address; check it' },
  406: {
    search: 'it gives what it finds not as application/dicom+json; ask who runs it to switch JSON on',
    fetch:
      'it does not give objects as application/dicom in the transfer syntax that they have there; ask who runs it to allow that, or export them as files',
    send: 'it does not answer as application/dicom+json; ask who runs it to switch JSON on',
  },
  411: { send: 'a proxy before it takes the length away; ask who runs it' },
  413: { send: 'the object is larger than it or a proxy before it takes; ask who runs it to raise that limit' },
  415: { send: 'it does not take DICOM files of this kind or transfer syntax; ask who runs it which ones it does' },
  507: { send: 'its storage is full; ask who runs it for room' },
};
