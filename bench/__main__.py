"""`python -m bench [NAME …]`: figures as ratios against a baseline of the same run."""

import argparse
import sys
from functools import partial

from bench import claims, corridor, feed, ingest, lists, silence, statements, workers

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    asked = _asked()
    benches = {
        "ingest": ingest.main,
        "corridor": corridor.main,
        "claims": claims.main,
        "feed": feed.main,
        "statements": statements.main,
        "workers": workers.main,
        "silence": silence.main,
        "lists": partial(lists.main, asked.tickets, asked.database or DATABASES),
    }
    for name in asked.names or benches:
        if name not in benches:
            print(f"bench: there is no {name!r}; there are: {', '.join(benches)}", file=sys.stderr)
            return 2
        print(f"\n## {name}\n", flush=True)
        benches[name]()
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Every figure the docs quote.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="Which; all if none is named.")
    parser.add_argument("--tickets", type=int, default=1_000_000, help="How large the large database of `lists` is.")
    parser.add_argument("--database", action="append", choices=DATABASES, help="Only this one in `lists`.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
