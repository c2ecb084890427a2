"""The figure of a spec in a browser, anew each time the spec is saved."""
