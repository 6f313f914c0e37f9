//! Exact nearest neighbours: dot products over many vectors, with a filter.
