//! What is refused, with nothing changed.

use heptad_vectors::{Error, Vectors, decode, encode};

#[test]
fn vectors_that_do_not_belong_are_refused() {
    for found in [0, 16_385, usize::MAX] {
        assert_eq!(Vectors::new(found).err(), Some(Error::Dimensions { found }));
    }
    let mut vectors = Vectors::new(2).expect("valid dimensions").with_limit(3);
    assert_eq!(vectors.insert::<[f32; 2]>("a", &[]), Err(Error::NoVector));
    assert_eq!(vectors.insert("a", &[[1.0; 3]]), Err(Error::Length { wanted: 2, found: 3 }));
    assert_eq!(vectors.insert("a", &[[1.0, 0.0], [0.0, f32::NAN]]), Err(Error::Number { place: 1 }));
    assert_eq!(vectors.insert("a", &[[-2e15, 0.0]]), Err(Error::Number { place: 0 }));
    assert_eq!((vectors.len(), vectors.live_rows()), (0, 0));

    vectors.insert("a", &[[1.0, 0.0], [0.0, 1.0]]).expect("there is room");
    assert_eq!(vectors.insert("b", &[[1.0, 0.0]; 2]), Err(Error::Full { limit: 3 }));
    assert_eq!(vectors.insert("a", &[[2.0, 0.0]; 4]), Err(Error::Full { limit: 3 }));
    assert_eq!(vectors.score("a", &[1.0, 0.0]), Ok(Some(1.0)), "what was there is there");
    vectors.insert("a", &[[2.0, 0.0]; 3]).expect("its own room counts");
    assert_eq!(vectors.score("a", &[1.0, 0.0]), Ok(Some(2.0)));
    assert_eq!(vectors.score("b", &[1.0, 0.0]), Ok(None));
    assert_eq!(vectors.nearest(&[f32::INFINITY, 0.0], 1, None, 1), Err(Error::Number { place: 0 }));
    assert_eq!(vectors.nearest(&[1.0], 1, None, 1), Err(Error::Length { wanted: 2, found: 1 }));
}

#[test]
fn a_filter_of_another_state_is_refused() {
    let mut vectors = Vectors::new(1).expect("valid dimensions");
    vectors.insert("a", &[[1.0]]).expect("inserted");
    let allowed = vectors.allow(["a", "b"]);
    assert_eq!((allowed.len(), allowed.is_empty()), (1, false));
    vectors.insert("b", &[[1.0]]).expect("inserted");
    assert_eq!(vectors.nearest(&[1.0], 1, Some(&allowed), 1), Err(Error::StaleFilter));
    // Another set is in another state, though it has seen as many changes.
    let mut other = Vectors::new(1).expect("valid dimensions");
    other.insert("c", &[[1.0]]).expect("inserted");
    assert_eq!(other.nearest(&[1.0], 1, Some(&allowed), 1), Err(Error::StaleFilter));
    let (copy, allowed) = (vectors.clone(), vectors.allow(["b"]));
    assert_eq!(
        copy.nearest(&[1.0], 2, Some(&allowed), 1).map(|found| found.len()),
        Ok(1),
        "a copy is the same"
    );
}

#[test]
fn headers_that_lie_are_refused_before_anything_is_allocated() {
    let bytes = encode(&[[1.0_f32, 2.0]]).expect("encoded");
    let with = |at: usize, word: u32| {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        decode(&bytes)
    };
    for (at, word) in [(0, 0), (4, 0), (4, 1), (4, u32::MAX), (8, 0), (8, 2), (8, u32::MAX)] {
        assert!(matches!(with(at, word), Err(Error::Malformed { .. })), "{word} at {at}");
    }
    assert_eq!(with(4, 2), Ok(vec![vec![1.0, 2.0]]));
    assert_eq!(encode::<[f32; 1]>(&[]), Err(Error::NoVector));
    assert_eq!(encode(&[vec![1.0], vec![1.0, 2.0]]), Err(Error::Length { wanted: 1, found: 2 }));
}
