//! See `tests/gguf.rs` for what is seen from outside.

use super::TensorType;

#[test]
fn every_type_is_in_the_table() {
    let names = TensorType::names();
    for number in 0..64 {
        if let Some(kind) = TensorType::of(number) {
            assert!(names.contains(&kind.to_string()));
            assert!(kind.block_bytes() > 0 && kind.block_length() > 0);
        }
    }
}
