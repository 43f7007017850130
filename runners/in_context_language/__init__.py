"""A language from its grammar book: constructed languages, and a small transformer that reads their books."""
