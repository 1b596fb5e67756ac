"""The signed webhook feed: envelope, signature, delivery."""
