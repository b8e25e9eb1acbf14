"""What is HTTP about S3: addresses, streamed and chunked bodies, presigned URLs, CORS, forms."""

from understudy.api.s3.respond import respond

__all__ = ["respond"]
