import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { BrokenTransfer, busy, persist } from '../hub/persist.ts';
import { type Answer, type Asked, readAll, request, type Web } from '../hub/transfer.ts';
import { type DicomWebAddress, isUid } from './address.ts';
import { messageOf, parameterOf, partsOf } from './multipart.ts';
import { REFUSED } from './refused.ts';
import { statusAdvice } from './status_advice.ts';

/** Where an object lies on a server. */
export interface ObjectPlace {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
}

/** A study on a server. */
export interface StudyPlace {
  readonly study: string;
  /** As the server has it; '' where it says nothing. */
  readonly patientId: string;
  /** Objects in it; 0 where the server does not say. */
  readonly objects: number;
}

/** Tags by which servers answer. */
const TAG = {
  study: '0020000D',
  patient: '00100020',
  inStudy: '00201208',
  series: '0020000E',
  instance: '00080018',
  inSeries: '00201209',
  failed: '00081198',
  reason: '00081197',
} as const;

/** An object of the DICOM JSON model, as far as it is read. */
const ELEMENT = v.object({ Value: v.optional(v.array(v.unknown())) });
const FOUND = v.array(v.record(v.string(), ELEMENT));

/** What a search is to tell beside what it must. */
const FIELDS: Readonly<Record<string, string>> = {
  [TAG.study]: `&includefield=${TAG.patient}&includefield=${TAG.inStudy}`,
  [TAG.series]: `&includefield=${TAG.inSeries}`,
};

/** What is asked for at a time: servers give less where they like. */
const PAGE = 1000;

/** What a server may bring: one that goes on and on has no end by itself. */
export interface AnswerLimits {
  /** Results of a search. */
  readonly found: number;
  /** Bytes of an answer that tells something. */
  readonly text: number;
  /** Bytes of an answer with an object. */
  readonly object: number;
}

const LIMITS: AnswerLimits = { found: 10 ** 7, text: 2 ** 28, object: 2 ** 31 };

const DICOM = 'application/dicom';
const JSON_TYPE = 'application/dicom+json';

/** As it lies there, whatever it is compressed by. */
const AS_STORED = `multipart/related; type="${DICOM}"; transfer-syntax=*`;

/**
 * A DICOMweb server: QIDO-RS, WADO-RS and STOW-RS by `fetch` alone. What breaks off is tried again, with longer and longer waits. Messages
 * name the server, and nothing of a study or a patient.
 */
export class DicomWebServer {
  readonly #web: Web;
  readonly #limits: AnswerLimits;
  readonly #root: string;
  /** Name and port, for messages. */
  readonly host: string;

  /** @param web its endpoint is the address of the service */
  constructor(web: Web, limits: AnswerLimits = LIMITS) {
    this.#web = web;
    this.#limits = limits;
    this.#root = web.endpoint;
    this.host = new URL(web.endpoint).host;
  }

  /**
   * The objects that an address names, series by series, in the order that the server gives.
   * @throws FusionclipError `io` for a server that does not answer as it should, or has fewer than it says; `bad_data` where there is
   * nothing, `usage` for an address of a whole server
   */
  async find({ study, series, query }: DicomWebAddress): Promise<ObjectPlace[]> {
    if (!study && query === '') {
      throw new FusionclipError(
        'usage',
        `${this.host}: name a study (…/studies/UID) or search (…/studies?PatientID=ID); all of a server is not fetched.`,
      );
    }
    const studies = study ? [study] : (await this.#search('studies', query, TAG.study)).map(([uid]) => uid);
    const out: ObjectPlace[] = [];
    for (const one of studies) {
      const known = await this.#search(`studies/${one}/series`, '', TAG.series);
      const chosen = known.filter(([uid]) => series === null || uid === series);
      for (const [uid, facts] of chosen) {
        const objects = await this.#search(`studies/${one}/series/${uid}/instances`, '', TAG.instance);
        const said = Number(facts[TAG.inSeries]?.Value?.[0] ?? 0);
        if (objects.length < said) {
          throw new FusionclipError(
            'io',
            `${this.host} says that a series has ${said} objects and names ${objects.length} of them; try again when all have arrived there.`,
          );
        }
        for (const [instance] of objects) out.push({ study: one, series: uid, instance });
      }
    }
    if (out.length === 0)
      throw this.#missing(study ? `that ${series ? 'series' : 'study'}` : 'a study that the search finds');
    return out;
  }

  /**
   * The studies that an address names, or all that the server has, with whom they are of.
   * @throws FusionclipError `io`; `bad_data` where there is none
   */
  async studies({ study, query }: DicomWebAddress): Promise<StudyPlace[]> {
    const asked = study ? `StudyInstanceUID=${study}` : query;
    const found = await this.#search('studies', asked, TAG.study);
    if (found.length === 0) throw this.#missing(study ? 'that study' : 'a study that the search finds');
    return found.map(([uid, facts]) => {
      const patientId = facts[TAG.patient]?.Value?.[0];
      const objects = Number(facts[TAG.inStudy]?.Value?.[0] ?? 0);
      return {
        study: uid,
        patientId: typeof patientId === 'string' ? patientId : '',
        objects: Number.isFinite(objects) ? objects : 0,
      };
    });
  }

  /**
   * The file of an object as the server has it; null where it has none.
   * @param what says which it is in messages
   * @throws FusionclipError `io`
   */
  async fetch(place: ObjectPlace, what: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const path = `studies/${place.study}/series/${place.series}/instances/${place.instance}`;
    return this.#whole(path, what, { accept: AS_STORED }, async (answer) => {
      if (isMissing(answer)) return null;
      const type = answer.headers.get('content-type') ?? '';
      const bytes = await bodyOf(answer, this.#limits.object);
      if (new RegExp(`^${DICOM}\\b(?![+])`, 'i').test(type)) return this.#same(bytes, place, what);
      const boundary = /^multipart\/related\b/i.test(type) ? parameterOf(type, 'boundary') : null;
      if (!boundary) {
        throw new FusionclipError(
          'io',
          `${this.host} answers with something else in place of ${what} (a login, an error or a proxy); check the address.`,
        );
      }
      const parts = partsOf(bytes, boundary);
      if (!parts) throw new BrokenTransfer('it ends too early');
      return parts.length === 0 ? null : this.#same(parts[0].bytes, place, what);
    });
  }

  /**
   * Sends one object. That it is taken says little: {@link fetch} tells whether it is there.
   * @throws FusionclipError `io`
   */
  async send(bytes: Uint8Array, study: string | null, what: string): Promise<void> {
    const path = study ? `studies/${study}` : 'studies';
    await this.#whole(path, what, { accept: JSON_TYPE, post: messageOf(DICOM, bytes) }, async (answer) => {
      const text = new TextDecoder().decode(await bodyOf(answer, this.#limits.text));
      const reason = failureOf(text);
      if (reason === null && (answer.status === 200 || answer.status === 202)) return;
      const code = reason ? `, reason ${reason}` : '';
      throw new FusionclipError(
        'io',
        `${this.host} does not take ${what} (status ${answer.status}${code}); ${statusAdvice(answer.status, 'send')}.`,
      );
    });
  }

  /** Waits as before a repetition. */
  async pause(attempt: number): Promise<void> {
    const milliseconds = 250 * 2 ** attempt;
    const wait = () => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
    await (this.#web.pause ?? wait)(attempt, milliseconds);
  }

  /** What a search finds, page after page until one brings nothing new, by the identifier that `key` names. */
  async #search(path: string, query: string, key: string): Promise<[string, v.InferOutput<typeof FOUND>[number]][]> {
    const found = new Map<string, v.InferOutput<typeof FOUND>[number]>();
    for (let offset = 0; ; ) {
      const pages = `limit=${PAGE}&offset=${offset}${FIELDS[key] ?? ''}`;
      const address = `${path}?${query}${query ? '&' : ''}${pages}`;
      const page = await this.#whole(address, 'what it has', { accept: JSON_TYPE }, async (answer) => {
        if (isMissing(answer)) return [];
        const text = new TextDecoder().decode(await bodyOf(answer, this.#limits.text));
        try {
          return text.trim() === '' ? [] : parseJson(FOUND, text);
        } catch (cause) {
          const text = `${this.host} does not answer a search as DICOMweb does; check the address of the service.`;
          throw new FusionclipError('io', text, { cause });
        }
      });
      const before = found.size;
      for (const facts of page) {
        const uid = facts[key]?.Value?.[0];
        if (typeof uid !== 'string' || !isUid(uid)) {
          throw new FusionclipError(
            'io',
            `${this.host} names something that is no UID; check the address of the service.`,
          );
        }
        found.set(uid, facts);
      }
      if (found.size === before) return [...found];
      if (found.size > this.#limits.found) {
        const text = `${this.host} finds more than ${this.#limits.found} of what was searched for; search for less.`;
        throw new FusionclipError('io', text);
      }
      offset += page.length;
    }
  }

  #missing(what: string): FusionclipError {
    return new FusionclipError('bad_data', `${this.host} does not have ${what}; check the address.`);
  }

  /** Asks until there is a whole answer. */
  async #whole<T>(path: string, what: string, asked: Asked, read: (answer: Answer) => Promise<T>): Promise<T> {
    let out: { readonly value: T } | null = null;
    await persist(this.#web, `${what} (${this.host})`, async () => {
      const answer = await request(this.#web, `${this.#root}/${path}`, asked);
      try {
        this.#require(answer, asked);
        out = { value: await read(answer) };
      } finally {
        answer.cancel();
      }
      return { progress: true, done: true };
    });
    return (out as unknown as { readonly value: T }).value;
  }

  #require({ status, headers }: Answer, { post, accept }: Asked): void {
    const sent = post !== undefined;
    // Neither comes to have room, nor a service that it lacks, by waiting.
    const lasts = status === 501 || status === 507;
    if (status === 408 || status === 429 || (status >= 500 && !lasts)) throw busy(this.host, status, headers);
    if (status === 403 && this.#web.token) {
      throw new FusionclipError(
        'io',
        `${this.host} knows the token and does not allow this (status 403); ask who runs it for the right to ${sent ? 'store' : 'read'} there, or put another one into ${this.#web.tokenFrom ?? 'DICOMWEB_TOKEN'}.`,
        { cause: { name: REFUSED } },
      );
    }
    if (status === 401 || status === 403) {
      const does = this.#web.token ? 'refuses the token' : 'wants a token';
      throw new FusionclipError(
        'io',
        `${this.host} ${does} (status ${status}); put one that it takes into ${this.#web.tokenFrom ?? 'DICOMWEB_TOKEN'}.`,
        { cause: { name: REFUSED } },
      );
    }
    if (/^text\/html\b/i.test(headers.get('content-type') ?? '') && status < 400) {
      throw new FusionclipError(
        'io',
        `${this.host} answers with a web page (a login or a proxy); check the address of the service.`,
      );
    }
    if (sent || (status >= 200 && status < 300) || status === 404 || status === 410) return;
    const wish = accept === AS_STORED ? 'fetch' : 'search';
    throw new FusionclipError('io', `${this.host} answers with status ${status}; ${statusAdvice(status, wish)}.`);
  }

  /** What came, if it is the object that was asked for. */
  #same(bytes: Uint8Array<ArrayBuffer>, { instance }: ObjectPlace, what: string): Uint8Array<ArrayBuffer> {
    if (DicomFile.read(bytes, what).dataSet.string('sopInstance') === instance) return bytes;
    throw new FusionclipError('io', `${this.host} sends another object in place of ${what}; ask who runs it.`);
  }
}

function isMissing({ status }: Answer): boolean {
  return status === 204 || status === 404 || status === 410;
}

/** All of an answer, which may say how long it is. */
async function bodyOf(answer: Answer, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readAll(answer, most);
  const said = answer.headers.get('content-encoding') ? null : answer.headers.get('content-length');
  if (said !== null && Number(said) > bytes.length) throw new BrokenTransfer('it ends too early');
  return bytes;
}

/** Why an object was not stored, by the code of the standard; null where the answer tells of no failure, or of nothing. */
function failureOf(text: string): string | null {
  try {
    const answer = parseJson(v.record(v.string(), ELEMENT), text);
    const [failed] = answer[TAG.failed]?.Value ?? [];
    if (failed === undefined) return null;
    const reason = (failed as Record<string, { Value?: unknown[] }>)[TAG.reason]?.Value?.[0];
    return typeof reason === 'number' ? reason.toString(16).padStart(4, '0').toUpperCase() : 'unsaid';
  } catch {
    return null;
  }
}
