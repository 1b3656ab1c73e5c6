"""The queue of tasks as operators see it, and as workers of somebody else do its tasks."""
