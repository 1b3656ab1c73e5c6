import { defineConfig } from 'vite';
import { licenses } from './licenses.ts';

const listLicenses = licenses();

export default defineConfig({
  // The page is served at /graphql; its assets come from the static mount.
  base: '/static/graphiql/',
  plugins: [listLicenses],
  worker: {
    format: 'es',
    // Workers are bundled apart, so the list must look into them too.
    plugins: () => [listLicenses],
  },
  build: {
    outDir: '../../schema/static/graphiql',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Monaco alone is larger than the default limit.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      // "use client" and the like mean nothing to a page without a server side.
      checks: { moduleLevelDirective: false },
    },
  },
});
