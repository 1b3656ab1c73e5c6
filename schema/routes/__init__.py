"""What is served beside GraphQL: health, and the files of the pages."""
