import hooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

// Loaded before a test file. tap follows each promise with an asynchronous hook, to tell which test an error that
// nobody caught belongs to; where a test makes millions of them that is most of its time. Without it such an error
// ends the file, which fails by its exit code.

const { createHook } = hooks;
const unhooked = { enable: () => unhooked, disable: () => unhooked };
hooks.createHook = () => unhooked;
syncBuiltinESMExports();
await import('tap');
hooks.createHook = createHook;
syncBuiltinESMExports();
