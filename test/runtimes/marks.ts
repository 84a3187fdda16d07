/** Starts a line that is for the runner and not for people; what a case prints itself has no such mark. */
export const MARK = '@case ';

/** Environment variable: the folder `test/`. */
export const FIXTURES = 'FUSIONCLIP_FIXTURES';

/** Environment variable: only cases whose name contains this text are run. */
export const FILTER = 'FUSIONCLIP_TEST';
