import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';
import { subscribe } from './subscribe';

// The page lives at the very path that answers GraphQL.
const url = location.origin + location.pathname;

const post = createGraphiQLFetcher({ url, enableIncrementalDelivery: false });

/** POST for queries and mutations, graphql-transport-ws for subscriptions. */
export const fetcher: Fetcher = (params, options = {}) => {
  const { documentAST, headers } = options;
  const operation = documentAST && getOperationAST(documentAST, params.operationName);
  return operation?.operation === 'subscription'
    ? subscribe(url.replace(/^http/, 'ws'), params, headers)
    : post(params, options);
};
