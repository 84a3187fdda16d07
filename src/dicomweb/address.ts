import { isHidden, isUnseen } from '../base/address.ts';
import { FusionclipError } from '../base/errors.ts';

/** What `dicomweb:URL` names: a server, and of it a study, a series, or what a search finds. */
export interface DicomWebAddress {
  /** Address of the service, without a slash at its end. */
  readonly root: string;
  readonly study: string | null;
  readonly series: string | null;
  /** What studies are searched by, `PatientID=7&StudyDate=20260101-`, or ''. */
  readonly query: string;
}

const FORMS = 'dicomweb:https://SERVER/ROOT/studies/UID, …/studies/UID/series/UID, or …/studies?PatientID=ID';

/** Whether a path is an address of a DICOMweb server. */
export function isDicomWeb(path: string): boolean {
  return /^dicomweb:/i.test(path);
}

/** Whether a path is an address of studies to which nothing but `dicomweb:` is missing. */
export function isStudyAddress(path: string): boolean {
  return /^https?:\/\/[^?#]*\/studies(\/\d+(\.\d+)+(\/series\/\d+(\.\d+)+)?)?\/*(\?|$)/i.test(path);
}

/**
 * Reads an address. Messages do not repeat it, as a search may hold the name of a patient.
 * @throws FusionclipError `usage`
 */
export function parseDicomWeb(text: string): DicomWebAddress {
  const plain = text.replace(/^dicomweb:/i, '');
  const url = URL.canParse(plain) ? new URL(plain) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new FusionclipError('usage', `An address of a DICOMweb server is ${FORMS}.`);
  }
  const { host, pathname, search } = url;
  if (isHidden(search.slice(1))) {
    throw new FusionclipError(
      'usage',
      `What was searched for at ${host} is kept by no run, as it may name a patient; say it again with --data, dicomweb: and the address.`,
    );
  }
  if (url.username || url.password) {
    throw new FusionclipError(
      'usage',
      `The address of ${host} holds a password, which others can read in the list of processes; put "Basic …" into DICOMWEB_TOKEN.`,
    );
  }
  if (!isUnseen(url)) {
    throw new FusionclipError(
      'usage',
      `http://${host} would carry images of patients for all to read; use https, or a tunnel that ends at localhost.`,
    );
  }
  const [, before, study, series] = /^(.*)\/studies(?:\/([^/]*)(?:\/series\/([^/]*))?)?\/*$/.exec(pathname) ?? [];
  for (const uid of [study, series]) {
    if (uid && !isUid(uid))
      throw new FusionclipError('usage', `What the address of ${host} names is no UID: ${FORMS}.`);
  }
  if (before === undefined && (search || /\/studies\/[0-9.]+(\/|$)/.test(pathname))) {
    throw new FusionclipError('usage', `The address of ${host} names no study, series or search: ${FORMS}.`);
  }
  if (study && search) {
    throw new FusionclipError(
      'usage',
      `The address of ${host} names a study and searches for others; give one: ${FORMS}.`,
    );
  }
  const root = `${url.origin}${(before ?? pathname).replace(/\/+$/, '')}`;
  return { root, study: study || null, series: series || null, query: search.replace(/^\?/, '') };
}

/** Whether a text is an identifier of DICOM. */
export function isUid(text: string): boolean {
  return /^[0-9.]{1,64}$/.test(text);
}
