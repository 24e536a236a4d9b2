"""The teacher's distributions over texts that a student wrote: asked for once, kept for ever."""
