"""What people touch: the only room with Qt."""
