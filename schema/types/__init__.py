"""The GraphQL vocabulary, one noun a file: types, inputs, enums and result unions."""
