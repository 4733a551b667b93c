"""Speed against the budgets, each beside a floor measured in the same run: `make bench`."""
