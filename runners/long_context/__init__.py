"""A needle in a long context: a retrieval transformer that trains on 2k tokens and is read at up to ten million."""
