"""One file per revision, in order; a revision that was released is never changed."""
