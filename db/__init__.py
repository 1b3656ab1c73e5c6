"""Tables, sessions and statements; knows nothing of the layers above."""
