import { plainName } from './rules.ts';

/** The folders of a split, by their usual names. */
const SPLITS: Readonly<Record<string, 'train' | 'valid' | 'test'>> = {
  train: 'train',
  training: 'train',
  valid: 'valid',
  val: 'valid',
  validation: 'valid',
  test: 'test',
  testing: 'test',
};

/** Names of folders that hold masks: BMAD's `anomaly_mask` and `label`, MVTec's `ground_truth`, and what others use. */
const MASK_FOLDER = /^(anomaly_?masks?|masks?|labels?|ground_?truths?|gts?|segs?|segmentations?|annotations?)$/;

/** Names of folders that hold masks where they lie beside a folder of images, and classes elsewhere. */
const LESION_FOLDER = /^(lesions?|rois?|tumou?rs?|defects?|contours?)$/;

/** Names of folders that say nothing but that images lie in them. */
const IMAGE_FOLDER = /^(imgs?|images?)$/;

/** Names of the normal class, without what stands between words. */
const NORMAL = ['good', 'normal', 'normals', 'healthy', 'negative', 'control', 'controls', 'no', 'ok'];
const NORMAL_LONG = [
  'nofinding',
  'nofindings',
  'notumor',
  'notumour',
  'nolesion',
  'nodisease',
  'nodefect',
  'nonlesion',
];

/** Names that say "abnormal" and nothing else; another folder beside them is a question. */
const ABNORMAL = [
  ...['ungood', 'bad', 'abnormal', 'abnormals', 'anomaly', 'anomalies', 'anomalous', 'defect', 'defects', 'defective'],
  ...['disease', 'diseased', 'pathological', 'pathology', 'positive', 'unhealthy', 'sick', 'yes', 'lesion', 'lesions'],
];

/** Names that no class has. */
const NO_CLASS =
  /^(thumb(nail)?s?|previews?|overlays?|heat_?maps?|maps?|vis(uali[sz]ations?)?|backups?|bak|old|unused|trash|te?mp|excluded?|rejected|discarded|duplicates?|originals?|raw|unlabell?ed|unknown|misc|others?|notes?|docs?|metadata|cache|outputs?|results?|predictions?|runs?|figures?|plots?)$/;

/** The split that a folder's name speaks of, or null. */
export function splitOfName(name: string): 'train' | 'valid' | 'test' | null {
  const plain = plainName(name);
  return Object.hasOwn(SPLITS, plain) ? SPLITS[plain] : null;
}

/** Whether a folder holds masks by its name. */
export function isMaskFolder(name: string): boolean {
  return MASK_FOLDER.test(plainName(name).replace(/[\s-]/g, '_'));
}

/** Whether a folder holds masks by its name and the folders beside it. @param siblings gives their names */
export function isMaskBeside(name: string, siblings: (name: string) => boolean): boolean {
  return LESION_FOLDER.test(plainName(name)) && ['img', 'imgs', 'image', 'images'].some(siblings);
}

/** Whether a folder's name says only that there are images. */
export function isImageFolder(name: string): boolean {
  return IMAGE_FOLDER.test(plainName(name));
}

/** Whether a class is normal by its name. */
export function isNormalName(name: string): boolean {
  const plain = plainName(name).replace(/[\s_.-]/g, '');
  return NORMAL.includes(plain) || NORMAL_LONG.includes(plain);
}

/** Whether a class is abnormal by its name, whatever else there is. */
export function isAbnormalName(name: string): boolean {
  return ABNORMAL.includes(plainName(name).replace(/[\s_.-]/g, ''));
}

/** Whether a folder is hardly a class of images by its name. */
export function isNoClassName(name: string): boolean {
  return NO_CLASS.test(plainName(name).replace(/[\s-]/g, '_'));
}

const MASK_WORD = '(?:anomaly_?)?masks?|segs?|segmentations?|gts?|ground_?truths?|labels?|annotations?|rois?|lesions?';
const MASK_SUFFIX = new RegExp(`[_\\-. ](?:${MASK_WORD})[_\\-. ]*\\(?\\d*\\)?$`, 'i');
const MASK_PREFIX = new RegExp(`^(?:${MASK_WORD})[_\\-. ]+`, 'i');
const IMAGE_SUFFIX = /[_\-. ](?:img|image)$/i;

/** A file's name without what marks a mask (`_mask`, `_seg`, `_gt`, `_label` in any case, with a number or not), or null. */
export function withoutMaskWord(stem: string): string | null {
  for (const word of [MASK_SUFFIX, MASK_PREFIX]) {
    const rest = stem.replace(word, '');
    if (rest !== stem && rest !== '') return rest;
  }
  return null;
}

/** A mask's name without a number at its end: `x_1` and `x_2` may be two lesions of `x`. */
export function withoutNumber(stem: string): string | null {
  const rest = stem.replace(/[_\-. ]\(?\d+\)?$/, '');
  return rest !== stem && rest !== '' ? rest : null;
}

/** An image's name without `_image` or `_img`, or null. */
export function withoutImageWord(stem: string): string | null {
  const rest = stem.replace(IMAGE_SUFFIX, '');
  return rest !== stem && rest !== '' ? rest : null;
}
