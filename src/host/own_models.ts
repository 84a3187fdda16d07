/** Variable by which the launcher tells the program where the models that come with it lie. */
export const OWN_MODELS = 'FUSIONCLIP_MODELS';
