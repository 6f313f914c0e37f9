//! Small models with random weights, one for each architecture and its peculiarities.

use heptad_testkit::models::GgufWriter;

/// What a made-up model is like.
#[derive(Clone, Debug)]
pub(crate) struct Tiny {
    pub(crate) architecture: &'static str,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) key_heads: usize,
    pub(crate) head_width: usize,
    pub(crate) window: Option<u32>,
    pub(crate) biases: bool,
    pub(crate) tied: bool,
    pub(crate) linear: Option<f32>,
    pub(crate) divisors: bool,
    /// The type of the matrices: F32 (0), F16 (1) or Q8_0 (8).
    pub(crate) kind: u32,
}

pub(crate) const WIDTH: usize = 64;
pub(crate) const HIDDEN: usize = 96;
pub(crate) const VOCABULARY: usize = 160;

impl Tiny {
    /// One of every architecture, with what is special about it.
    pub(crate) fn all() -> Vec<Tiny> {
        let llama = Tiny {
            architecture: "llama",
            layers: 2,
            heads: 4,
            key_heads: 2,
            head_width: 16,
            window: None,
            biases: false,
            tied: false,
            linear: None,
            divisors: false,
            kind: 0,
        };
        vec![
            llama.clone(),
            Tiny { divisors: true, tied: true, ..llama.clone() },
            Tiny { linear: Some(4.0), key_heads: 4, kind: 1, ..llama.clone() },
            Tiny { architecture: "qwen2", biases: true, key_heads: 1, ..llama.clone() },
            Tiny { architecture: "qwen3", head_width: 32, tied: true, kind: 8, ..llama.clone() },
            Tiny {
                architecture: "gemma3",
                layers: 7,
                window: Some(24),
                tied: true,
                head_width: 32,
                ..llama.clone()
            },
            Tiny {
                architecture: "gemma3",
                layers: 6,
                window: Some(512),
                linear: Some(8.0),
                tied: true,
                ..llama
            },
        ]
    }

    pub(crate) fn name(&self) -> String {
        format!("{self:?}")
    }

    /// Writes the model.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file = GgufWriter::new();
        let key = |key: &str| format!("{}.{key}", self.architecture);
        file.str("general.architecture", self.architecture)
            .u32(&key("block_count"), self.layers as u32)
            .u32(&key("context_length"), 4096)
            .u32(&key("embedding_length"), WIDTH as u32)
            .u32(&key("feed_forward_length"), HIDDEN as u32)
            .u32(&key("attention.head_count"), self.heads as u32)
            .u32(&key("attention.head_count_kv"), self.key_heads as u32)
            .u32(&key("attention.key_length"), self.head_width as u32)
            .u32(&key("attention.value_length"), self.head_width as u32)
            .u32(&key("rope.dimension_count"), self.head_width as u32)
            .u32(&key("vocab_size"), VOCABULARY as u32)
            .f32(&key("attention.layer_norm_rms_epsilon"), 1e-6)
            .f32(&key("rope.freq_base"), 500_000.0)
            .str("tokenizer.ggml.model", "none");
        if let Some(window) = self.window {
            file.u32(&key("attention.sliding_window"), window);
        }
        if let Some(factor) = self.linear {
            file.str(&key("rope.scaling.type"), "linear").f32(&key("rope.scaling.factor"), factor);
        }
        self.tensors(&mut file);
        file.finish()
    }

    fn tensors(&self, file: &mut GgufWriter) {
        let mut random = Random(0x5eed);
        let (queries, keys) = (self.heads * self.head_width, self.key_heads * self.head_width);
        self.matrix(file, &mut random, "token_embd.weight", WIDTH, VOCABULARY);
        if !self.tied {
            self.matrix(file, &mut random, "output.weight", WIDTH, VOCABULARY);
        }
        file.numbers("output_norm.weight", &[WIDTH], &random.around(1.0, WIDTH));
        if self.divisors {
            let divisors: Vec<f32> = (0..self.head_width / 2).map(|pair| 1.0 + pair as f32).collect();
            file.numbers("rope_freqs.weight", &[divisors.len()], &divisors);
        }
        for layer in 0..self.layers {
            let name = |name: &str| format!("blk.{layer}.{name}");
            let mut norms = vec![("attn_norm.weight", WIDTH), ("ffn_norm.weight", WIDTH)];
            if matches!(self.architecture, "gemma3" | "qwen3") {
                norms.extend([
                    ("attn_q_norm.weight", self.head_width),
                    ("attn_k_norm.weight", self.head_width),
                ]);
            }
            if self.architecture == "gemma3" {
                norms.extend([("post_attention_norm.weight", WIDTH), ("post_ffw_norm.weight", WIDTH)]);
            }
            for (norm, width) in norms {
                file.numbers(&name(norm), &[width], &random.around(1.0, width));
            }
            for (matrix, inputs, outputs) in [
                ("attn_q", WIDTH, queries),
                ("attn_k", WIDTH, keys),
                ("attn_v", WIDTH, keys),
                ("attn_output", queries, WIDTH),
                ("ffn_gate", WIDTH, HIDDEN),
                ("ffn_up", WIDTH, HIDDEN),
                ("ffn_down", HIDDEN, WIDTH),
            ] {
                self.matrix(file, &mut random, &name(&format!("{matrix}.weight")), inputs, outputs);
                if self.biases && matches!(matrix, "attn_q" | "attn_k" | "attn_v") {
                    file.numbers(&name(&format!("{matrix}.bias")), &[outputs], &random.around(0.0, outputs));
                }
            }
        }
    }

    fn matrix(&self, file: &mut GgufWriter, random: &mut Random, name: &str, inputs: usize, outputs: usize) {
        let values = random.around(0.0, inputs * outputs);
        let bytes: Vec<u8> = match self.kind {
            0 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            1 => values.iter().flat_map(|value| half::f16::from_f32(*value).to_le_bytes()).collect(),
            8 => values.as_chunks::<32>().0.iter().flat_map(q8_0).collect(),
            other => panic!("{other}"),
        };
        file.tensor(name, &[inputs, outputs], self.kind, &bytes);
    }
}

fn q8_0(values: &[f32; 32]) -> Vec<u8> {
    let scale = values.iter().fold(0.0f32, |a, b| a.max(b.abs())) / 127.0;
    let quants = values.iter().map(|value| ((value / scale).round() as i8).cast_unsigned());
    half::f16::from_f32(scale).to_le_bytes().into_iter().chain(quants).collect()
}

/// Xorshift: the weights are the same everywhere.
struct Random(u64);

impl Random {
    fn around(&mut self, middle: f32, count: usize) -> Vec<f32> {
        let mut next = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            middle + (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }
}
