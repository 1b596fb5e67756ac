"""Clock, ids, backoff and cursors: small tools that know nothing of mentions."""
