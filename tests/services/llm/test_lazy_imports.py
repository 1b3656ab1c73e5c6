"""Whoever needs no provider of models does not wait for its SDK."""

import subprocess
import sys


def test_a_server_starts_without_the_sdks() -> None:
    code = "import schema.server, sys; print([name for name in ('openai', 'google.genai') if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert process.stdout.strip() == "[]"
