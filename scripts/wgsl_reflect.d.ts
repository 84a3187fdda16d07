/** The package types its main entry only; scripts import the module build, which Deno and Node load alike. */
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
