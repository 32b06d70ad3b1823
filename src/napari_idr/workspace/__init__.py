"""What the user made, kept: an append-only history of every object, label image and verdict, in a database."""

FILE = "workspace.sqlite"
"""Name of the database in the data folder."""
