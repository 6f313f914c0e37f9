//! Files as they should be, and files as an attacker or a broken download makes them.

use heptad_infer::{
    decoder::{Decoder, LoadOptions},
    error::{Error, Result},
    gguf::{Gguf, TensorType},
};
use heptad_testkit::models::GgufWriter;
use proptest::prelude::*;

use crate::decoder::tiny::Tiny;

fn sample() -> GgufWriter {
    let mut file = GgufWriter::new();
    file.str("name", "größe")
        .u32("count", 7)
        .f32("ratio", 0.5)
        .bool("flag", true)
        .strings("words", &["a", "", "▁the"])
        .f32s("scores", &[-1.5, 2.0])
        .i32s("types", &[1, -2])
        .numbers("matrix", &[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        .tensor("packed", &[32], 8, &[7; 34]);
    file
}

fn problem<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let file = Gguf::parse(sample().finish()).unwrap();
    assert_eq!(file.version(), 3);
    assert_eq!(file.keys(), ["count", "flag", "name", "ratio", "scores", "types", "words"]);
    assert_eq!(file.str("name").unwrap(), Some("größe"));
    assert_eq!((file.u32("count").unwrap(), file.u64("count").unwrap()), (Some(7), Some(7)));
    assert_eq!((file.f32("ratio").unwrap(), file.bool("flag").unwrap()), (Some(0.5), Some(true)));
    assert_eq!(file.strings("words").unwrap().unwrap(), ["a", "", "▁the"]);
    assert_eq!(file.f32s("scores").unwrap().unwrap(), [-1.5, 2.0]);
    assert_eq!(file.i32s("types").unwrap().unwrap(), [1, -2]);
    assert_eq!(file.count("words").unwrap(), Some(3));
    assert_eq!((file.str("absent").unwrap(), file.u32s("absent").unwrap()), (None, None));
    let matrix = file.tensor("matrix").unwrap();
    assert_eq!((matrix.shape(), matrix.kind(), matrix.data().len()), (&[3, 2][..], TensorType::F32, 24));
    assert_eq!(&file.tensor("packed").unwrap().data()[..], [7; 34]);
    assert_eq!(file.tensors().len(), 2);
}

#[test]
fn a_value_of_another_type_is_an_error_that_names_the_key() {
    let file = Gguf::parse(sample().finish()).unwrap();
    for (message, expected) in [
        (
            problem(file.u32("name")),
            "metadata `name`: an integer from 0 to 2^32 - 1 belongs here, the file has a string",
        ),
        (
            problem(file.str("words")),
            "metadata `words`: a string belongs here, the file has an array, each element a string",
        ),
        (
            problem(file.u32s("types")),
            "metadata `types`: an array of integers from 0 to 2^32 - 1 belongs here, element 1 is not",
        ),
        (problem(file.f32s("words")), "metadata `words`: an array of numbers"),
        (problem(file.strings("scores")), "metadata `scores`: an array of strings belongs here"),
        (problem(file.tensor("absent").map(drop)), "tensor `absent`: the file has no such tensor"),
    ] {
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn hostile_files_are_refused_with_the_place() {
    let array = |kind: u32, count: u64| [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
    let deep = (0..40).fold(array(0, 0), |inner, _| [array(9, 1), inner].concat());
    let mut unaligned = sample();
    unaligned.u32("general.alignment", 3);
    let write = |change: &dyn Fn(&mut GgufWriter) -> &mut GgufWriter| {
        let mut file = GgufWriter::new();
        change(&mut file);
        file.finish()
    };
    let mut tensors = sample().finish();
    tensors[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut entries = sample().finish();
    entries[16..24].copy_from_slice(&(u64::MAX / 2).to_le_bytes());
    let mut versions = sample().finish();
    versions[4] = 1;
    let mut big = sample().finish();
    big[4..8].copy_from_slice(&3u32.to_be_bytes());
    for (file, expected) in [
        (Vec::new(), "does not begin with `GGUF`"),
        (b"ELF!".to_vec(), "does not begin with `GGUF`"),
        (versions, "version 1 is not supported"),
        (big, "a big-endian file is not supported"),
        (tensors, "18446744073709551615 tensors cannot be in the"),
        (entries, "metadata entries cannot be in the"),
        (unaligned.finish(), "metadata `general.alignment`: a power of two"),
        (write(&|file| file.raw("k", 9, &array(10, u64::MAX))), "elements cannot be in the"),
        (
            write(&|file| file.raw("k", 9, &[array(10, 20), vec![0; 30]].concat())),
            "an array takes 160 bytes, but only",
        ),
        (write(&|file| file.raw("k", 9, &deep)), "arrays lie more than 4 deep"),
        (
            write(&|file| file.raw("k", 8, &u64::MAX.to_le_bytes())),
            "a value takes 18446744073709551615 bytes",
        ),
        (write(&|file| file.raw("k", 8, &[1, 0, 0, 0, 0, 0, 0, 0, 0xff])), "a value is not UTF-8"),
        (write(&|file| file.raw("k", 77, &[])), "no type 77 of values"),
        (write(&|file| file.raw("k", 7, &[9])), "neither 0 nor 1 but 9"),
        (write(&|file| file.u32("k", 1).u32("k", 2)), "metadata `k`: the file has this key twice"),
        (
            write(&|file| file.numbers("t", &[1], &[0.0]).numbers("t", &[1], &[0.0])),
            "tensor `t`: the file has it twice",
        ),
        (write(&|file| file.tensor("t", &[4], 99, &[])), "tensor `t`: its type 99 is not supported"),
        (write(&|file| file.tensor("t", &[33], 8, &[0; 68])), "rows of 33 values cannot be stored as Q8_0"),
        (write(&|file| file.tensor("t", &[0], 0, &[])), "a dimension is 0"),
        (write(&|file| file.tensor("t", &[1; 5], 0, &[0; 4])), "it has 5 dimensions"),
        (write(&|file| file.tensor("t", &[1 << 40, 1 << 40], 0, &[0; 4])), "goes beyond the end of the file"),
        (write(&|file| file.tensor("t", &[64], 0, &[0; 4])), "goes beyond the end of the file"),
    ] {
        let message = problem(Gguf::parse(file));
        assert!(message.contains(expected), "{message} should say {expected}");
    }
}

/// Everything a loader does with a file; whatever comes of it, it ends without a panic.
fn use_all(file: Vec<u8>) -> Result<()> {
    let file = Gguf::parse(file)?;
    for key in file.keys() {
        let _ = (
            file.str(key),
            file.u64(key),
            file.f32s(key),
            file.strings(key),
            file.u32s(key),
            file.bools(key),
        );
    }
    Decoder::load(&file, &LoadOptions { threads: 1 }).map(drop)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_cut_file_is_refused(part in 0.0f64..1.0) {
        for tiny in [&Tiny::all()[0], &Tiny::all()[5]] {
            let mut file = tiny.file();
            file.truncate((file.len() as f64 * part) as usize);
            // The last tensor may end in padding that nobody misses.
            if file.len() + 32 < tiny.file().len() {
                prop_assert!(use_all(file).is_err());
            }
        }
    }

    #[test]
    fn flipped_bits_never_panic(flips in prop::collection::vec((0usize..6000, 0u8..8), 1..20)) {
        let mut file = Tiny::all()[5].file();
        for (at, bit) in flips {
            file[at] ^= 1 << bit;
        }
        let _ = use_all(file);
    }

    #[test]
    fn spliced_numbers_never_panic(at in 0usize..6000, value in prop_oneof![any::<u64>(), 0u64..70_000, Just(u64::MAX)]) {
        let mut file = Tiny::all()[5].file();
        file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let _ = use_all(file);
    }
}

#[test]
fn a_model_that_cannot_be_built_says_why() {
    let tiny = &Tiny::all()[0];
    let renamed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut file = tiny.file();
        let at = file.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        file[at..at + to.len()].copy_from_slice(to.as_bytes());
        file
    };
    for (file, expected) in [
        (
            renamed("blk.1.ffn_up.weight", "blk.1.ffn_xx.weight"),
            "tensor `blk.1.ffn_up.weight`: the file has no such tensor",
        ),
        (renamed("llama.block_count", "llama.block_xxxxx"), "metadata `llama.block_count`: it is missing"),
        (
            renamed("general.architecture", "general.xxxxxxxxxxxx"),
            "metadata `general.architecture`: it is missing",
        ),
    ] {
        let message = problem(use_all(file));
        assert!(message.contains(expected), "{message}");
    }
    let mut mamba = GgufWriter::new();
    let message = problem(use_all(mamba.str("general.architecture", "mamba").finish()));
    assert_eq!(message, "the architecture `mamba` is not supported; these are: gemma3, llama, qwen2, qwen3");
    assert!(matches!(Gguf::open(std::path::Path::new("/nonexistent/model.gguf")), Err(Error::File { .. })));
}
