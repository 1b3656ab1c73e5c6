"""Notes at a timestamp of a video: taken, changed, followed, exported, and written by the assistant."""
