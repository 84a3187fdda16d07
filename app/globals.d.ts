/** What Vite gives to modules of the page. */
/// <reference types="vite/client" />
