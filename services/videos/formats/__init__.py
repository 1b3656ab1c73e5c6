"""Transcripts as people have them: subtitles (SRT, VTT), JSON lists, and plain text. What a text is, its content tells."""
