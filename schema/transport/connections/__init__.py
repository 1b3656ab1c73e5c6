"""What uvicorn lacks: deadlines, an end for clients that stop reading, a word at shutdown."""
