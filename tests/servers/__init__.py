"""Real servers on loopback, started and ended by the tests that need them."""
