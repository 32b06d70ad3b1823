"""What the user made, kept: an append-only history of every object, label image and verdict, in a database."""
