"""`python -m web.cli` is `loncatan`."""

from web.cli import main

main()
