"""Protocols of the programs that faces are streamed to: each makes the datagrams of a frame, of at most 1,400 bytes."""
