"""`python -m plateau` is the command `plateau`."""

from plateau.cli import main

main()
