"""Every column that may hold a person's words or name, and how it comes to be empty; the rest, and why it is none.

Erasure is only as good as this list: a test asks that every column of text, JSON or bytes stands in one of the two.
"""

ERASED = {
    "authors": ("handle", "name", "external_id"),
    "calls": ("phone",),
    "commitments": ("what",),
    "contexts": ("external_id", "author_id", "handle", "name", "text", "permalink"),
    "customer_joins": ("reason",),
    "customers": ("name",),
    "deliveries": ("last_detail",),
    "delivery_attempts": ("detail",),
    "entries": ("text",),
    "idempotency": ("body",),
    "inbox": ("body",),
    "media": ("url", "alt", "body", "reason"),
    "mentions": ("text", "permalink", "ref", "metrics", "addressed", "raw", "external_id", "thread_id", "parent_id"),
    "own_posts": ("text",),
    "record_checks": ("details", "account"),
    "replies": ("text", "links", "prepared", "permalink"),
    "reply_attempts": ("detail",),
    "search": ("body",),
    "stories": ("thread_id", "reason"),
    "tickets": ("permalink", "opened_because", "thread_id", "priority_reasons", "tags"),
    "uploads": ("body",),
    "verdicts": ("reasons",),
}
"""What an erasure empties or deletes."""

WORDLESS = {
    "accounts": ("cursor", "handle", "last_error", "paused_by", "allowance", "secret", "network_id", "lease_token"),
    "calls": ("tried",),
    "commitments": ("made_by", "owner", "earlier"),
    "customer_joins": ("actor", "moved", "undone_by"),
    "endpoints": ("url", "types", "topics", "severities", "secret", "previous_secret", "disabled_because"),
    "entries": ("reason", "actor"),
    "events": ("facts",),
    "externals": ("external_id", "url", "actor"),
    "gaps": ("kind", "cause", "repaired"),
    "helpdesks": ("cursor", "last_error"),
    "idempotency": ("key",),
    "incidents": ("title", "news", "actor", "topics", "places"),
    "inbox": ("reason",),
    "mentions": ("quoted_id",),
    "mirror_lines": ("theirs", "reason"),
    "mirrors": ("reason", "known"),
    "own_posts": ("external_id", "parent_id", "thread_id", "permalink"),
    "replies": (
        "author_of_words",
        "approved_by",
        "template",
        "reason",
        "evidence",
        "external_id",
        "task_done_by",
        "released",
    ),
    "story_acts": ("actor", "reason", "moved", "undone_by"),
    "streams": ("holder", "last_error"),
    "switches": ("actor",),
    "tickets": ("assignee_name", "priority_by"),
    "tokens": ("name", "scopes", "brands", "accounts"),
    "verdicts": ("topics", "actor", "decided"),
}
"""Ours: words of the team, of the operator or of the program, ids of our own posts, and numbers."""
