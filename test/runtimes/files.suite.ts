import { BlobFiles } from '../../src/host/blob_files.ts';
import { fileCases, type InFolder, withFolder } from './file_cases.ts';

let count = 0;

const onHost: InFolder = ({ host }, use) =>
  withFolder(host, `${host.env('FUSIONCLIP_SCRATCH') ?? '.cache'}/files-${host.runtime}-${Date.now()}-${count++}`, use);

const inMemory: InFolder = (_, use) => withFolder(new BlobFiles(), 'some/folder', use);

fileCases('host files', onHost);
fileCases('files in memory', inMemory);
