"""Pictures that people bring, made into ones that we are willing to serve."""
