"""`python -m bench [ingest|corridor|claims|statements]`: figures as ratios against a baseline of the same run."""

import sys

from bench import claims, corridor, ingest, statements

BENCHES = {"ingest": ingest.main, "corridor": corridor.main, "claims": claims.main, "statements": statements.main}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHES)
    for name in wanted:
        if name not in BENCHES:
            print(f"bench: there is no {name!r}; there are: {', '.join(BENCHES)}", file=sys.stderr)
            return 2
        print(f"\n## {name}\n", flush=True)
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
