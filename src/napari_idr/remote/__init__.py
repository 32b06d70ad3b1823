"""How we talk: the only room with sockets."""
