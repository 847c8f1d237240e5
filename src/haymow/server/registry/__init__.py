"""Model definitions: names, revisions, the effective view, `connected`."""
