"""Plain text out of what networks send: HTML, graphemes, language, personal data."""
