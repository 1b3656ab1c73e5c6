"""Videos, and what is fetched and made for each after it was added."""
