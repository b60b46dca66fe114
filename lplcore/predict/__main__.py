"""`python -m lplcore.predict`."""

from lplcore.child_process import serve
from lplcore.predict import main

if __name__ == "__main__":
    serve(main)
