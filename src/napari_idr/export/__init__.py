"""From annotation sets to what an archive accepts: checks, fixes, the package, and proof that it is right."""
