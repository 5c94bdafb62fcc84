import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Packages that @oclif/core loads at its start for what the bundle never does: look for commands without a
 * manifest, match the names of oclif's own plugins, render its own help, tell Windows' Linux from Linux.
 */
const UNUSED = /^(?:tinyglobby|minimatch|ejs|lilconfig|wsl-utils)$/;

/** Modules of Node.js's that @oclif/core loads at its start, and uses for what the bundle hardly ever does. */
const SELDOM_USED = /^(?:node:)?(?:child_process|perf_hooks|readline)$/;

/**
 * Makes a bundle start faster. An `import` of one of Node.js's own modules reads every export of it, and so
 * loads what those stand for, streams and crypto among it; `getBuiltinModule` gives the same without that.
 */
export const lean: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if (UNUSED.test(path)) return { path, namespace: 'unused' };
      // An import copies what it finds at once, and would find nothing.
      if (kind === 'require-call' && SELDOM_USED.test(path)) return { path, namespace: 'seldom' };
      const isImport = kind === 'import-statement' || kind === 'require-call';
      return isImport && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'module.exports = {}',
    }));
    build.onLoad({ filter: /.*/, namespace: 'seldom' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, key) =>
          key === '__esModule' ? undefined : process.getBuiltinModule(${JSON.stringify(path)})[key],
      });`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};
