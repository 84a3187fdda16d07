import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Whether a changed file still compiles: what the compiler finds, no test has to. */
export class TypeCheck {
  readonly #root: string;
  readonly #changed = new Map<string, string>();
  readonly #service: ts.LanguageService;
  #version = 0;

  /** @param root the repository, with its `tsconfig.json` */
  constructor(root: string) {
    this.#root = root;
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    this.#service = ts.createLanguageService({
      getScriptFileNames: () => fileNames,
      getScriptVersion: (name) => (this.#changed.has(name) ? String(this.#version) : '0'),
      getScriptSnapshot: (name) => {
        const text = this.#changed.get(name) ?? (ts.sys.fileExists(name) ? readFileSync(name, 'utf8') : undefined);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getCompilationSettings: () => options,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    });
  }

  /** The first error of a file with another text, or null. A name that is no longer used is no error. */
  problem(file: string, text: string): string | null {
    const path = join(this.#root, file);
    this.#changed.set(path, text);
    this.#version++;
    try {
      const found = [...this.#service.getSyntacticDiagnostics(path), ...this.#service.getSemanticDiagnostics(path)];
      const error = found.find(({ code }) => ![6133, 6196, 6198].includes(code));
      return error ? `does not compile: ${ts.flattenDiagnosticMessageText(error.messageText, ' ')}` : null;
    } finally {
      this.#changed.delete(path);
      this.#version++;
    }
  }
}
