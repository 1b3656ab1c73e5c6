"""Answers over HTTP that go on: server-sent events, and Apollo's multipart protocol."""
