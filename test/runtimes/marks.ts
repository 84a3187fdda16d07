/** Starts a line that is for the runner and not for people; what a case prints itself has no such mark. */
export const MARK = '@case ';

/** Environment variable: the folder `test/`. */
export const FIXTURES = 'FUSIONCLIP_FIXTURES';

/** Environment variable: set when cases of suites in turn are left to the runtime whose turn they are. */
export const DEALT = 'FUSIONCLIP_DEALT';

/** Environment variable: `1/2` or `2/2` for a half of the suites. */
export const HALF = 'FUSIONCLIP_HALF';

/** Environment variable: set to have the cases listed as JSON in place of running them. */
export const LIST = 'FUSIONCLIP_LIST';

/** Environment variable: only cases whose name contains this text are run. */
export const FILTER = 'FUSIONCLIP_TEST';
