//! The store that forgets: for tests and for work that need not last.
