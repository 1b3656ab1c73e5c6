"""Models of other companies: how each is asked, and left alone when it fails."""
