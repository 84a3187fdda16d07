/** Variable by which the launcher tells the program where the models that come with it lie. */
export const OWN_MODELS = 'FUSIONCLIP_MODELS';

/** Variable by which the launcher tells the program how packages are installed beside it; unset where it runs from a clone. */
export const INSTALL = 'FUSIONCLIP_INSTALL';
