"""`python -m mentionbridge` is the same as the command `mentionbridge`."""

from mentionbridge.cli import main

if __name__ == "__main__":
    main()
