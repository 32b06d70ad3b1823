"""The curator's queue: what is to be looked at, in which order, what was said of it, and how far people agree."""
