"""Programs that tests start, to do to them what cannot be done to the tests themselves."""
