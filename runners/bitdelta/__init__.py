"""BitDelta: a fine-tune as the signs of its weight changes, one bit each, and one scale per matrix."""
