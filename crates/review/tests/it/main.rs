//! The review system through its public interface.
