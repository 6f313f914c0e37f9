//! A writer of GGUF files, for small models made up by tests.

/// A file in the making: metadata and tensors in the order they are added.
#[derive(Clone, Debug, Default)]
pub struct GgufWriter {
    entries: Vec<Vec<u8>>,
    descriptions: Vec<Vec<u8>>,
    data: Vec<u8>,
}

/// Where tensors are aligned to.
const ALIGNMENT: usize = 32;

impl GgufWriter {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value by its type number and its bytes.
    pub fn raw(&mut self, key: &str, kind: u32, value: &[u8]) -> &mut Self {
        self.entries.push([&string(key), &kind.to_le_bytes()[..], value].concat());
        self
    }

    /// Adds an unsigned integer.
    pub fn u32(&mut self, key: &str, value: u32) -> &mut Self {
        self.raw(key, 4, &value.to_le_bytes())
    }

    /// Adds a number.
    pub fn f32(&mut self, key: &str, value: f32) -> &mut Self {
        self.raw(key, 6, &value.to_le_bytes())
    }

    /// Adds a truth value.
    pub fn bool(&mut self, key: &str, value: bool) -> &mut Self {
        self.raw(key, 7, &[value.into()])
    }

    /// Adds a string.
    pub fn str(&mut self, key: &str, value: &str) -> &mut Self {
        self.raw(key, 8, &string(value))
    }

    /// Adds an array by the type number of its elements.
    pub fn array(&mut self, key: &str, kind: u32, elements: &[Vec<u8>]) -> &mut Self {
        let head = [&kind.to_le_bytes()[..], &(elements.len() as u64).to_le_bytes()].concat();
        self.raw(key, 9, &[head, elements.concat()].concat())
    }

    /// Adds an array of strings.
    pub fn strings<S: AsRef<str>>(&mut self, key: &str, values: &[S]) -> &mut Self {
        self.array(key, 8, &values.iter().map(|value| string(value.as_ref())).collect::<Vec<_>>())
    }

    /// Adds an array of numbers.
    pub fn f32s(&mut self, key: &str, values: &[f32]) -> &mut Self {
        self.array(key, 6, &values.iter().map(|value| value.to_le_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// Adds an array of integers.
    pub fn i32s(&mut self, key: &str, values: &[i32]) -> &mut Self {
        self.array(key, 5, &values.iter().map(|value| value.to_le_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// Adds a tensor: its shape with the dimension whose values lie side by side first, the number of its type, its bytes.
    pub fn tensor(&mut self, name: &str, shape: &[usize], kind: u32, bytes: &[u8]) -> &mut Self {
        let shape = shape.iter().flat_map(|&length| (length as u64).to_le_bytes()).collect::<Vec<_>>();
        let dimensions = (shape.len() / 8) as u32;
        let offset = self.data.len() as u64;
        let parts = [
            &string(name),
            &dimensions.to_le_bytes()[..],
            &shape,
            &kind.to_le_bytes(),
            &offset.to_le_bytes(),
        ];
        self.descriptions.push(parts.concat());
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(ALIGNMENT), 0);
        self
    }

    /// Adds a tensor of single-precision numbers.
    pub fn numbers(&mut self, name: &str, shape: &[usize], values: &[f32]) -> &mut Self {
        self.tensor(name, shape, 0, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
    }

    /// The file.
    pub fn finish(&self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(3u32.to_le_bytes());
        file.extend((self.descriptions.len() as u64).to_le_bytes());
        file.extend((self.entries.len() as u64).to_le_bytes());
        self.entries.iter().chain(&self.descriptions).for_each(|part| file.extend(part));
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        file.extend(&self.data);
        file
    }
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}
