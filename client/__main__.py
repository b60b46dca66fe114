"""`python -m client` is `lpl`, also where no entry point is on the path."""

from client.cli import main

if __name__ == "__main__":
    main()
