"""Where blobs are kept: a folder of this computer, or S3."""
