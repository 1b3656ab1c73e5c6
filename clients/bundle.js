// Writes dist/apollo.js and dist/urql.js: the scenarios with one client each, for Node and for browsers alike.
import { build } from 'esbuild';

await build({
  entryPoints: ['scenarios/src/apollo.ts', 'scenarios/src/urql.ts'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // With all the warnings that the libraries have: a test wants to see none.
  conditions: ['development'],
  define: { 'process.env.NODE_ENV': '"development"' },
  sourcemap: 'inline',
});
