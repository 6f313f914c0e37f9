//! From bytes to a [`Gguf`], with every count, length and offset checked against what is really there.

use std::collections::HashMap;

use super::{
    Gguf, Tensor, TensorType,
    metadata::{Array, Kind, Value, scalar},
    reader::Reader,
};
use crate::{
    error::{Error, Result},
    file::Bytes,
};

/// The least that a key with its value takes: the key's length, the type, one byte.
const ENTRY: usize = 8 + 4 + 1;
/// The least that a tensor's description takes: name, number of dimensions, type, offset.
const DESCRIPTION: usize = 8 + 4 + 4 + 8;
/// The longest key or tensor name. The specification allows 65,535 for keys and 64 for tensors.
const NAME: usize = 65_535;
/// How deep arrays may lie in each other.
const DEPTH: usize = 4;
/// Where tensors are aligned to if the file does not say.
const ALIGNMENT: u32 = 32;

pub(super) fn parse(bytes: Bytes) -> Result<Gguf> {
    let mut reader = Reader::new(&bytes, 0);
    if reader.take(4, "the signature").ok() != Some(b"GGUF".as_slice()) {
        return Err(Error::Malformed {
            format: "GGUF",
            at: 0,
            problem: "the file does not begin with `GGUF`: it is no GGUF model".into(),
        });
    }
    let version = reader.u32("the version")?;
    if !(2..=3).contains(&version) {
        let what = if (2..=3).contains(&version.swap_bytes()) {
            "a big-endian file".to_owned()
        } else {
            format!("version {version}")
        };
        return Err(Error::Unsupported(format!(
            "GGUF: {what} is not supported, little-endian files of versions 2 and 3 are"
        )));
    }
    let tensors = count(&mut reader, "tensors", DESCRIPTION)?;
    let entries = count(&mut reader, "metadata entries", ENTRY)?;
    let metadata = metadata(&mut reader, entries)?;
    let alignment = alignment(&metadata)?;
    let descriptions = (0..tensors).map(|_| describe(&mut reader)).collect::<Result<Vec<_>>>()?;
    let data = reader.at().next_multiple_of(alignment);
    let mut tensors = HashMap::with_capacity(descriptions.len());
    for description in descriptions {
        let tensor = place(&bytes, description, data, alignment)?;
        let name = tensor.name().to_owned();
        if tensors.insert(name.clone(), tensor).is_some() {
            return Err(Error::tensor(&name, "the file has it twice"));
        }
    }
    Ok(Gguf { version, metadata, tensors, bytes: bytes.clone() })
}

/// A number of things that are each at least `least` bytes long.
fn count(reader: &mut Reader<'_>, what: &str, least: usize) -> Result<usize> {
    let count = reader.u64(what)?;
    let most = reader.left() / least;
    usize::try_from(count).ok().filter(|&count| count <= most).ok_or_else(|| {
        reader.error(format!("{count} {what} cannot be in the {} bytes that are left", reader.left()))
    })
}

fn metadata(reader: &mut Reader<'_>, entries: usize) -> Result<HashMap<String, Value>> {
    let mut metadata = HashMap::with_capacity(entries.min(1024));
    for _ in 0..entries {
        let key = name(reader, "a key")?;
        let kind = kind(reader)?;
        let value = match kind {
            Kind::Array => Value::Array(array(reader, 1)?),
            kind => scalar(reader, kind, "a value")?,
        };
        if metadata.contains_key(&key) {
            return Err(Error::metadata(&key, "the file has this key twice"));
        }
        metadata.insert(key, value);
    }
    Ok(metadata)
}

fn name(reader: &mut Reader<'_>, what: &str) -> Result<String> {
    let name = reader.string(what)?;
    if name.len() > NAME {
        return Err(reader.error(format!("{what} of {} bytes; at most {NAME} are allowed", name.len())));
    }
    Ok(name)
}

fn kind(reader: &mut Reader<'_>) -> Result<Kind> {
    let number = reader.u32("the type of a value")?;
    Kind::of(number).ok_or_else(|| reader.error(format!("there is no type {number} of values, only 0 to 12")))
}

/// Walks over an array, so that reading it later cannot fail.
fn array(reader: &mut Reader<'_>, depth: usize) -> Result<Array> {
    if depth > DEPTH {
        return Err(reader.error(format!("arrays lie more than {DEPTH} deep in each other")));
    }
    let kind = kind(reader)?;
    let count = count(reader, "elements", 1)?;
    let at = reader.at();
    match kind.width() {
        Some(width) => {
            reader.take((count as u64).saturating_mul(width), "an array")?;
        }
        None => {
            for _ in 0..count {
                match kind {
                    Kind::String => drop(reader.raw_string("a string of an array")?),
                    _ => drop(array(reader, depth + 1)?),
                }
            }
        }
    }
    Ok(Array { kind, count, at })
}

fn alignment(metadata: &HashMap<String, Value>) -> Result<usize> {
    const KEY: &str = "general.alignment";
    let alignment = match metadata.get(KEY) {
        None => ALIGNMENT,
        Some(Value::Unsigned(value)) => u32::try_from(*value).unwrap_or(0),
        Some(_) => 0,
    };
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(Error::metadata(KEY, "a power of two up to 1048576 belongs here"));
    }
    Ok(alignment as usize)
}

/// A tensor before it is known where its data begins.
struct Description {
    name: String,
    shape: Vec<usize>,
    kind: TensorType,
    offset: u64,
}

fn describe(reader: &mut Reader<'_>) -> Result<Description> {
    let name = name(reader, "the name of a tensor")?;
    let dimensions = reader.u32("the dimensions of a tensor")?;
    if !(1..=4).contains(&dimensions) {
        return Err(Error::tensor(&name, format!("it has {dimensions} dimensions; 1 to 4 are allowed")));
    }
    let mut shape = Vec::with_capacity(4);
    for _ in 0..dimensions {
        let length = reader.u64("a dimension of a tensor")?;
        let length = usize::try_from(length).ok().filter(|&length| length > 0);
        shape.push(length.ok_or_else(|| Error::tensor(&name, "a dimension is 0 or too large"))?);
    }
    let number = reader.u32("the type of a tensor")?;
    let kind = TensorType::of(number).ok_or_else(|| {
        Error::tensor(
            &name,
            format!("its type {number} is not supported; these are: {}", TensorType::names()),
        )
    })?;
    Ok(Description { name, shape, kind, offset: reader.u64("the offset of a tensor")? })
}

fn place(bytes: &Bytes, description: Description, data: usize, alignment: usize) -> Result<Tensor> {
    let Description { name, shape, kind, offset } = description;
    if !offset.is_multiple_of(alignment as u64) {
        let problem = format!("its offset {offset} is no multiple of the alignment {alignment}");
        return Err(Error::tensor(&name, problem));
    }
    if !shape[0].is_multiple_of(kind.block_length()) {
        let problem = format!("rows of {} values cannot be stored as {kind}", shape[0]);
        return Err(Error::tensor(&name, problem));
    }
    let size = shape[1..]
        .iter()
        .try_fold(shape[0] / kind.block_length(), |blocks, &length| blocks.checked_mul(length))
        .and_then(|blocks| blocks.checked_mul(kind.block_bytes()));
    let range = usize::try_from(offset)
        .ok()
        .and_then(|offset| data.checked_add(offset))
        .and_then(|start| Some(start..start.checked_add(size?)?));
    let data = range.and_then(|range| bytes.slice(range));
    let data = data.ok_or_else(|| {
        Error::tensor(&name, "its data goes beyond the end of the file: the file is cut or damaged")
    })?;
    Ok(Tensor::new(name, shape, kind, data))
}
