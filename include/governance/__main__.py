"""`python -m governance` is `governance`."""

from governance.cli import main

main()
