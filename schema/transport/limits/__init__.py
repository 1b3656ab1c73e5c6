"""What an operation may ask for, checked before anything of it is run."""
