//! What a file's metadata says about the model, checked and in one form for all architectures.

use super::{
    attention::Scoring,
    ops::Gate,
    rope::{Pairs, Rope},
};
use crate::{
    error::{Error, Result},
    gguf::Gguf,
    matrix::Matrix,
};

/// The architectures that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    Gemma3,
    Llama,
    Qwen2,
    Qwen3,
}

const ARCHITECTURES: [(Architecture, &str); 4] = [
    (Architecture::Gemma3, "gemma3"),
    (Architecture::Llama, "llama"),
    (Architecture::Qwen2, "qwen2"),
    (Architecture::Qwen3, "qwen3"),
];

impl Architecture {
    fn of(gguf: &Gguf) -> Result<Self> {
        let key = "general.architecture";
        let name = gguf.str(key)?.ok_or_else(|| Error::metadata(key, "it is missing"))?;
        let known = ARCHITECTURES.iter().find(|(_, known)| *known == name);
        known.map(|(architecture, _)| *architecture).ok_or_else(|| {
            let known = ARCHITECTURES.map(|(_, name)| name).join(", ");
            Error::Unsupported(format!("the architecture `{name}` is not supported; these are: {known}"))
        })
    }

    pub(super) fn name(self) -> &'static str {
        ARCHITECTURES[self as usize].1
    }
}

/// What a model is like.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) architecture: Architecture,
    pub(super) context: usize,
    pub(super) layers: usize,
    /// Values of a token between the layers.
    pub(super) width: usize,
    pub(super) epsilon: f32,
    pub(super) gate: Gate,
    /// What a token's embedding is multiplied with.
    pub(super) embedding_scale: f32,
    pub(super) scoring: Scoring,
    /// What logits are softly limited to.
    pub(super) logit_cap: Option<f32>,
    /// Values of a head of queries, keys and values.
    pub(super) head_width: usize,
    /// The kinds of turns; layers name theirs by place.
    pub(super) ropes: Vec<Rope>,
    heads: Vec<usize>,
    key_heads: Vec<usize>,
    windows: Vec<Option<usize>>,
}

/// The most layers that are believed.
const LAYERS: u32 = 4096;
/// The most heads of a layer that are believed; models in use have up to 128.
const HEADS: u32 = 1024;

impl Config {
    pub(super) fn read(gguf: &Gguf) -> Result<Self> {
        let architecture = Architecture::of(gguf)?;
        let keys = Keys { gguf, prefix: architecture.name() };
        let layers = keys.count("block_count", LAYERS)?;
        let width = keys.count("embedding_length", 1 << 20)?;
        let heads = keys.heads("attention.head_count", layers, None)?;
        let key_heads = keys.heads("attention.head_count_kv", layers, Some(&heads))?;
        for (&heads, &key_heads) in heads.iter().zip(&key_heads) {
            if !heads.is_multiple_of(key_heads) {
                let problem = format!("{heads} heads cannot share {key_heads} heads of keys");
                return Err(Error::metadata(&keys.name("attention.head_count_kv"), problem));
            }
        }
        if keys.gguf.u32(&keys.name("expert_count"))?.is_some_and(|experts| experts > 0) {
            return Err(Error::Unsupported("models of several experts are not supported".into()));
        }
        let head_width = keys.optional("attention.key_length", 1 << 16)?.unwrap_or(width / heads[0]);
        let value_width = keys.optional("attention.value_length", 1 << 16)?.unwrap_or(width / heads[0]);
        if head_width != value_width || head_width == 0 {
            let problem = format!("values of {value_width} with keys of {head_width} are not supported");
            return Err(Error::metadata(&keys.name("attention.value_length"), problem));
        }
        let gemma = architecture == Architecture::Gemma3;
        // The largest Gemma 3 scales by the width per head, which is not the width of its heads.
        let scored = if gemma && layers == 62 { width / heads[0] } else { head_width };
        Ok(Self {
            architecture,
            context: keys.count("context_length", u32::MAX)?,
            layers,
            width,
            epsilon: keys.number("attention.layer_norm_rms_epsilon")?.unwrap_or(1e-6),
            gate: if gemma { Gate::GeluTanh } else { Gate::Silu },
            embedding_scale: if gemma { (width as f32).sqrt() } else { 1.0 },
            scoring: Scoring {
                scale: (scored as f32).sqrt().recip(),
                cap: keys.cap("attn_logit_softcapping")?,
            },
            logit_cap: keys.cap("final_logit_softcapping")?,
            head_width,
            ropes: keys.ropes(architecture, head_width)?,
            windows: keys.windows(architecture, layers)?,
            heads,
            key_heads,
        })
    }

    pub(super) fn heads(&self, layer: usize) -> usize {
        self.heads[layer]
    }

    pub(super) fn key_heads(&self, layer: usize) -> usize {
        self.key_heads[layer]
    }

    /// How many positions a token sees in a layer; `None` for all.
    pub(super) fn window(&self, layer: usize) -> Option<usize> {
        self.windows[layer]
    }

    /// Which of the ropes a layer has: those with a window have the last.
    pub(super) fn rope(&self, layer: usize) -> usize {
        if self.windows[layer].is_some() { self.ropes.len() - 1 } else { 0 }
    }
}

/// The keys of one architecture.
struct Keys<'a> {
    gguf: &'a Gguf,
    prefix: &'static str,
}

impl Keys<'_> {
    fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.prefix)
    }

    /// A number of at least 1 that may be missing.
    fn optional(&self, key: &str, most: u32) -> Result<Option<usize>> {
        let name = self.name(key);
        let value = self.gguf.u32(&name)?;
        match value {
            Some(value) if value == 0 || value > most => {
                Err(Error::metadata(&name, format!("it is {value}; 1 to {most} belongs here")))
            }
            value => Ok(value.map(|value| value as usize)),
        }
    }

    fn count(&self, key: &str, most: u32) -> Result<usize> {
        self.optional(key, most)?.ok_or_else(|| Error::metadata(&self.name(key), "it is missing"))
    }

    fn number(&self, key: &str) -> Result<Option<f32>> {
        let name = self.name(key);
        match self.gguf.f32(&name)? {
            Some(value) if !(value.is_finite() && value >= 0.0) => {
                Err(Error::metadata(&name, format!("it is {value}; a number of at least 0 belongs here")))
            }
            value => Ok(value),
        }
    }

    /// A cap; 0 stands for none.
    fn cap(&self, key: &str) -> Result<Option<f32>> {
        Ok(self.number(key)?.filter(|&cap| cap > 0.0))
    }

    /// How many heads: one number for all layers, or an array with one for each.
    fn heads(&self, key: &str, layers: usize, default: Option<&[usize]>) -> Result<Vec<usize>> {
        let name = self.name(key);
        let values = if self.gguf.is_array(&name) {
            self.gguf.u32s(&name)?.unwrap_or_default()
        } else if let (None, Some(default)) = (self.gguf.u32(&name)?, default) {
            return Ok(default.to_vec());
        } else {
            vec![self.gguf.u32(&name)?.ok_or_else(|| Error::metadata(&name, "it is missing"))?; layers]
        };
        if values.len() != layers || values.iter().any(|value| !(1..=HEADS).contains(value)) {
            let problem = format!(
                "{values:.20?} for {layers} layers: a number from 1 to {HEADS} for each belongs here"
            );
            return Err(Error::metadata(&name, problem));
        }
        Ok(values.into_iter().map(|value| value as usize).collect())
    }

    /// The turns of the layers that see all, then of those that see a window.
    fn ropes(&self, architecture: Architecture, head_width: usize) -> Result<Vec<Rope>> {
        let pairs = if architecture == Architecture::Llama { Pairs::Neighbours } else { Pairs::Halves };
        let width = self.optional("rope.dimension_count", 1 << 16)?.unwrap_or(head_width);
        if width > head_width {
            let problem = format!("it is {width}, more than the {head_width} values of a head");
            return Err(Error::metadata(&self.name("rope.dimension_count"), problem));
        }
        let divisors = match self.gguf.find("rope_freqs.weight") {
            Some(tensor) => {
                let mut divisors = vec![0.0; width / 2];
                Matrix::vector(tensor, width / 2)?.row(0, &mut divisors);
                if divisors.iter().any(|divisor| !(divisor.is_finite() && *divisor > 0.0)) {
                    return Err(Error::tensor(tensor.name(), "its values are not all positive"));
                }
                Some(divisors)
            }
            None => None,
        };
        let base = self.number("rope.freq_base")?;
        let all =
            Rope::new(pairs, width, base.unwrap_or(10_000.0), self.rope_factor()?, divisors.as_deref())?;
        let local = match architecture {
            Architecture::Gemma3 => {
                let base = self.number("rope.freq_base_swa")?.unwrap_or(10_000.0);
                vec![Rope::new(pairs, width, base, 1.0, None)?]
            }
            _ => Vec::new(),
        };
        Ok([vec![all], local].concat())
    }

    /// What positions are divided by.
    fn rope_factor(&self) -> Result<f32> {
        let key = self.name("rope.scaling.type");
        match self.gguf.str(&key)? {
            Some("none") => Ok(1.0),
            None | Some("linear") => {
                let old = self.number("rope.scale_linear")?;
                let factor = self.number("rope.scaling.factor")?.or(old).unwrap_or(1.0);
                Ok(if factor == 0.0 { 1.0 } else { factor })
            }
            Some(other) => {
                let problem = format!("rotary positions scaled by `{other}` are not supported, `linear` is");
                Err(Error::metadata(&key, problem))
            }
        }
    }

    /// Which layers see only a window. Gemma 3: five of six do.
    fn windows(&self, architecture: Architecture, layers: usize) -> Result<Vec<Option<usize>>> {
        let window = match architecture {
            Architecture::Gemma3 => self.optional("attention.sliding_window", u32::MAX)?,
            _ => None,
        };
        let key = self.name("attention.sliding_window_pattern");
        let local: Vec<bool> = if self.gguf.is_array(&key) {
            self.gguf.bools(&key)?.unwrap_or_default()
        } else {
            let every = self.gguf.u32(&key)?.unwrap_or(6).max(1) as usize;
            (0..layers).map(|layer| !(layer + 1).is_multiple_of(every)).collect()
        };
        if local.len() != layers {
            return Err(Error::metadata(&key, format!("{} entries for {layers} layers", local.len())));
        }
        Ok(local.into_iter().map(|local| window.filter(|_| local)).collect())
    }
}
