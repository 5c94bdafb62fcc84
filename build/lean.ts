import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Packages that @oclif/core loads at its start for what the bundle never does: look for commands without a
 * manifest, match the names of oclif's own plugins, render its own help, tell Windows' Linux from Linux.
 */
const UNUSED = /^(?:tinyglobby|minimatch|ejs|lilconfig|wsl-utils)$/;

/**
 * Makes a bundle start faster. An `import` of one of Node.js's own modules reads every export of it, and so
 * loads what those stand for, streams and crypto among it; `getBuiltinModule` gives the same without that.
 */
export const lean: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if (UNUSED.test(path)) return { path, namespace: 'unused' };
      const isImport = kind === 'import-statement' || kind === 'require-call';
      return isImport && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'module.exports = {}',
    }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};
