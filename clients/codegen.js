// Writes api/generated: the types of the documents, and what the two caches must know of the schema.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { codegen } from '@graphql-codegen/core';
import * as fragmentMatcher from '@graphql-codegen/fragment-matcher';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import * as introspection from '@graphql-codegen/urql-introspection';
import { buildSchema, parse } from 'graphql';

const SCHEMA = new URL('../schema/schema.graphql', import.meta.url);
const DOCUMENTS = new URL('api/documents/', import.meta.url);
const GENERATED = new URL('api/generated/', import.meta.url);

const FILES = {
  'operations.ts': [
    {
      operations: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { DateTime: 'string', ID: 'string', JSON: 'unknown' },
      },
    },
    { typedDocumentNode: { useTypeImports: true } },
  ],
  'possibleTypes.ts': [{ fragmentMatcher: { apolloClientVersion: 3, useExplicitTyping: false } }],
  'introspection.ts': [{ introspection: { useTypeImports: true } }],
};

const source = await readFile(SCHEMA, 'utf8');
const names = (await readdir(DOCUMENTS)).filter((name) => name.endsWith('.graphql')).sort();
const documents = await Promise.all(
  names.map(async (name) => ({ location: name, document: parse(await readFile(new URL(name, DOCUMENTS), 'utf8')) })),
);

await mkdir(GENERATED, { recursive: true });
for (const [filename, plugins] of Object.entries(FILES)) {
  const text = await codegen({
    filename,
    schema: parse(source),
    schemaAst: buildSchema(source),
    documents,
    config: {},
    plugins,
    pluginMap: { operations, typedDocumentNode, fragmentMatcher, introspection },
  });
  await writeFile(new URL(filename, GENERATED), text);
}
