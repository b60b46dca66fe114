"""`python -m lplcore.examples`."""

from lplcore.child_process import serve
from lplcore.examples import main

if __name__ == "__main__":
    serve(main)
