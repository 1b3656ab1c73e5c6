"""One generator a stream: authorise, replay, follow, last event."""
