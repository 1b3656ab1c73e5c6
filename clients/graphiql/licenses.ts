import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const PACKAGE_ROOT = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const LICENSE_FILE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;

// Fonts come inside style sheets; the first two have no package of their own.
const EMBEDDED_FONTS = [
  'Roboto (font, inside graphiql/style.css) - Apache-2.0',
  'Fira Code (font, inside graphiql/style.css) - OFL-1.1',
  'Codicons (font, inside monaco-editor) - CC-BY-4.0',
];

/** Write LICENSES.txt: every package whose code ends up in the build, with its licence texts. */
export function licenses(): Plugin {
  const packageRoots = new Set<string>();

  return {
    name: 'licenses',
    moduleParsed({ id }) {
      const root = PACKAGE_ROOT.exec(id)?.[0].replace(/^\0/, '');
      if (root && existsSync(join(root, 'package.json'))) packageRoots.add(root);
    },
    generateBundle() {
      // The worker builds share this plugin; the last writer, the page itself, has seen them all.
      const packages = [...packageRoots].map(describe).sort((a, b) => (a.title < b.title ? -1 : 1));
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: render(packages) });
    },
  };
}

interface BundledPackage {
  title: string;
  texts: string[];
}

function describe(root: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const texts = readdirSync(root)
    .filter((file) => LICENSE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return { title: `${name} ${version} - ${license ?? 'see below'}`, texts };
}

function render(packages: BundledPackage[]): string {
  const list = [...packages.map(({ title }) => title), ...EMBEDDED_FONTS].join('\n');
  // Families of packages share one text; print it once, under all their names.
  const titlesByText = new Map<string, string[]>();
  for (const { title, texts } of packages) {
    for (const text of texts) {
      titlesByText.set(text, [...(titlesByText.get(text) ?? []), title]);
    }
  }
  const texts = [...titlesByText].map(
    ([text, titles]) => `${titles.map((title) => `=== ${title}`).join('\n')}\n\n${text}`,
  );
  return [`This page bundles:\n\n${list}`, ...texts].join('\n\n\n') + '\n';
}
