"""`python -m crossent`: the `crossent` command."""

from crossent.cli.app import main

raise SystemExit(main())
