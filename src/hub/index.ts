export { FolderFiles } from './folder_files.ts';
export type { Persistence } from './persist.ts';
export { type PullEvents, type PulledModel, pullFile, pullFolder, pullModel } from './pull.ts';
export { type Listing, listRepository, parseHubName, type RemoteFile } from './repository.ts';
export { type Web, webOf } from './transfer.ts';
export { withWeb } from './web_files.ts';
