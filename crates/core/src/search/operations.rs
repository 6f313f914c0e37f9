//! The operations of search, reachable on every surface.
