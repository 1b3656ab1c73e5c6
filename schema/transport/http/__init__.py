"""GraphQL over HTTP, one answer a request."""
