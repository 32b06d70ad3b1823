"""Where things are: a repository's JSON to catalogue nodes and references."""
