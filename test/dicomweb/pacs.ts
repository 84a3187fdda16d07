import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { parameterOf, partsOf } from '../../src/dicomweb/multipart.ts';

/** What a server does with a request in place of serving it. */
export type Fault = (response: ServerResponse, serve: () => void) => void;

interface Kept {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly patient: string;
  readonly bytes: Uint8Array;
}

/** A DICOMweb server on this machine that can be told to misbehave. */
export class Pacs {
  readonly objects: Kept[] = [];
  /** Requests as `METHOD path?query`, without what is asked of pages. */
  readonly seen: string[] = [];
  /** Tokens that came along. */
  readonly tokens: (string | undefined)[] = [];
  /** Used up from the front by requests whose path it fits; undefined serves. */
  readonly faults: { readonly of: RegExp; readonly fault: Fault }[] = [];
  /** What a request must bring; null: anybody is served. */
  token: string | null = null;
  /** Most that a search gives at a time. */
  page = 1000;
  boundary = 'b0undary';
  /** How many objects a series is said to have beyond those that it has. */
  missing = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#take(request, response));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get root(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/dicom-web`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  add(bytes: Uint8Array): void {
    const { dataSet } = DicomFile.read(bytes, 'added');
    this.objects.push({
      study: dataSet.string('studyUid'),
      series: dataSet.string('seriesUid'),
      instance: dataSet.string('sopInstance'),
      patient: dataSet.string('patientId'),
      bytes,
    });
  }

  /** Requests since the last call. */
  take(): string[] {
    return this.seen.splice(0);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '', this.root);
      const what = `${request.method} ${url.pathname.replace('/dicom-web/', '')}`;
      this.seen.push(what);
      this.tokens.push(request.headers.authorization);
      if (this.token !== null && request.headers.authorization !== this.token) {
        response.writeHead(401).end();
        return;
      }
      const serve = () => this.#serve(what, url, request, Buffer.concat(parts), response);
      const at = this.faults.findIndex(({ of }) => of.test(what));
      if (at >= 0) this.faults.splice(at, 1)[0].fault(response, serve);
      else serve();
    });
  }

  #serve(what: string, url: URL, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    if (request.method === 'POST') {
      const boundary = parameterOf(request.headers['content-type'] ?? '', 'boundary') ?? '';
      for (const { bytes } of partsOf(new Uint8Array(body), boundary) ?? []) this.add(bytes);
      response.setHeader('content-type', 'application/dicom+json').end('{"00081199":{"vr":"SQ","Value":[{}]}}');
      return;
    }
    const [, study, series, instance] =
      /^GET studies(?:\/([\d.]+)\/series(?:\/([\d.]+)\/instances(?:\/([\d.]+))?)?)?$/.exec(what) ?? [];
    const asked = (name: string, value: string) => [null, value].includes(url.searchParams.get(name));
    const found = this.objects.filter(
      (one) =>
        (!study || one.study === study) &&
        (!series || one.series === series) &&
        (!instance || one.instance === instance) &&
        (study || (asked('PatientID', one.patient) && asked('StudyInstanceUID', one.study))),
    );
    if (instance) {
      if (found.length === 0) {
        response.writeHead(404).end();
        return;
      }
      response.setHeader('content-type', `multipart/related; type="application/dicom"; boundary="${this.boundary}"`);
      response.write(`\r\n--${this.boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
      response.write(found[0].bytes);
      response.end(`\r\n--${this.boundary}--\r\n`);
      return;
    }
    const key = series ? 'instance' : study ? 'series' : 'study';
    const tag = { study: '0020000D', series: '0020000E', instance: '00080018' }[key];
    const uids = [...new Set(found.map((one) => one[key]))];
    const offset = Number(url.searchParams.get('offset'));
    const page = uids.slice(offset, offset + Math.min(this.page, Number(url.searchParams.get('limit'))));
    const answer = page.map((uid) => ({
      [tag]: { vr: 'UI', Value: [uid] },
      ...(key === 'study' && {
        '00100020': { vr: 'LO', Value: [found.find((one) => one.study === uid)!.patient] },
        '00201208': { vr: 'IS', Value: [found.filter((one) => one.study === uid).length] },
      }),
      ...(key === 'series' && {
        '00201209': { vr: 'IS', Value: [found.filter((one) => one.series === uid).length + this.missing] },
      }),
    }));
    response.setHeader('content-type', 'application/dicom+json').end(JSON.stringify(answer));
  }
}

/** Misbehaviours. */
export const FAULTS = {
  status:
    (code: number): Fault =>
    (response) =>
      response.writeHead(code).end(),
  /** Says that all is stored. */
  storesNothing: ((response) =>
    response
      .setHeader('content-type', 'application/dicom+json')
      .end('{"00081199":{"vr":"SQ","Value":[{}]}}')) satisfies Fault,
  /** The connection breaks in the middle of an answer. */
  cut: ((response) => {
    response.writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=x' });
    response.write('--x\r\nContent-Type: application/dicom\r\n\r\nhalf of it', () => response.destroy());
  }) satisfies Fault,
  /** Ends as if that were all. */
  short: ((response) => {
    response.writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=x' });
    response.end('--x\r\nContent-Type: application/dicom\r\n\r\nhalf of it');
  }) satisfies Fault,
  /** Has no end. */
  endless: ((response) => {
    response.writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=x' });
    const more = () => {
      while (!response.destroyed && response.write(' '.repeat(1 << 14)));
    };
    response.on('drain', more);
    more();
  }) satisfies Fault,
  page: ((response) =>
    response.setHeader('content-type', 'text/html').end('<html>Please log in</html>')) satisfies Fault,
} as const;
