"""What we take from YouTube: ids out of links, transcripts and metadata."""
