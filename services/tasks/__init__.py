"""Work that outlives its request: the queue of tasks and the worker that runs them."""
