//! The textbook: dequantised weights, all tokens at once, a full matrix of scores, no cache; in candle's tensors, sharing no code with the decoder.

use std::{borrow::Cow, collections::HashMap};

use candle_core::{
    D, Device, Result, Tensor,
    quantized::{GgmlDType, QStorage, QTensor},
};
use heptad_infer::gguf::{Gguf, TensorType};

pub(crate) struct Oracle<'a> {
    gguf: &'a Gguf,
    name: String,
    tensors: HashMap<String, Tensor>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(gguf: &'a Gguf) -> Self {
        let name = gguf.str("general.architecture").unwrap().unwrap().to_owned();
        let read = |tensor: &heptad_infer::gguf::Tensor| {
            let kind = match tensor.kind() {
                TensorType::F32 => GgmlDType::F32,
                TensorType::F16 => GgmlDType::F16,
                TensorType::BF16 => GgmlDType::BF16,
                TensorType::Q4_0 => GgmlDType::Q4_0,
                TensorType::Q4_1 => GgmlDType::Q4_1,
                TensorType::Q5_0 => GgmlDType::Q5_0,
                TensorType::Q5_1 => GgmlDType::Q5_1,
                TensorType::Q8_0 => GgmlDType::Q8_0,
                TensorType::Q2K => GgmlDType::Q2K,
                TensorType::Q3K => GgmlDType::Q3K,
                TensorType::Q4K => GgmlDType::Q4K,
                TensorType::Q5K => GgmlDType::Q5K,
                TensorType::Q6K => GgmlDType::Q6K,
                other => panic!("{other}"),
            };
            let mut shape = tensor.shape().to_vec();
            shape.reverse();
            let storage = QStorage::from_data(Cow::Borrowed(tensor.data()), &Device::Cpu, kind).unwrap();
            let numbers = QTensor::new(storage, shape).unwrap().dequantize(&Device::Cpu).unwrap();
            (tensor.name().to_owned(), numbers)
        };
        Self { gguf, name, tensors: gguf.tensors().into_iter().map(read).collect() }
    }

    fn gemma(&self) -> bool {
        self.name == "gemma3"
    }

    fn whole(&self, key: &str) -> Option<usize> {
        self.gguf.u32(&format!("{}.{key}", self.name)).unwrap().map(|value| value as usize)
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.gguf.f32(&format!("{}.{key}", self.name)).unwrap().map(f64::from)
    }

    fn norm(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        let epsilon = self.number("attention.layer_norm_rms_epsilon").unwrap();
        let square = x.sqr()?.mean_keepdim(D::Minus1)?;
        x.broadcast_div(&(square + epsilon)?.sqrt()?)?.broadcast_mul(&self.tensors[name])
    }

    fn linear(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        let product = x.matmul(&self.tensors[&format!("{name}.weight")].t()?)?;
        match self.tensors.get(&format!("{name}.bias")) {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }

    /// `[heads, tokens, width]`, turned.
    fn turn(&self, x: &Tensor, base: f64, factor: f64, own: bool) -> Result<Tensor> {
        let (heads, tokens, width) = x.dims3()?;
        let turned = self.whole("rope.dimension_count").unwrap_or(width);
        let divisors =
            self.tensors.get("rope_freqs.weight").filter(|_| own).map(|t| t.to_vec1::<f32>().unwrap());
        let mut values: Vec<Vec<Vec<f32>>> = x.to_vec3()?;
        for head in &mut values {
            for (position, row) in head.iter_mut().enumerate() {
                let before = row.clone();
                for pair in 0..turned / 2 {
                    let (a, b) = if self.name == "llama" {
                        (2 * pair, 2 * pair + 1)
                    } else {
                        (pair, pair + turned / 2)
                    };
                    let divisor = divisors.as_ref().map_or(1.0, |divisors| f64::from(divisors[pair]));
                    let angle =
                        position as f64 / factor / divisor / base.powf(2.0 * pair as f64 / turned as f64);
                    let (x, y) = (f64::from(before[a]), f64::from(before[b]));
                    row[a] = (x * angle.cos() - y * angle.sin()) as f32;
                    row[b] = (x * angle.sin() + y * angle.cos()) as f32;
                }
            }
        }
        let flat: Vec<f32> = values.into_iter().flatten().flatten().collect();
        Tensor::from_vec(flat, (heads, tokens, width), &Device::Cpu)
    }

    fn attention(&self, x: &Tensor, layer: usize) -> Result<Tensor> {
        let tokens = x.dim(0)?;
        let name = |name: &str| format!("blk.{layer}.{name}");
        let heads = self.whole("attention.head_count").unwrap();
        let shared = self.whole("attention.head_count_kv").unwrap_or(heads);
        let width = self.whole("attention.key_length").unwrap_or(x.dim(1)? / heads);
        let local = self.gemma() && !(layer + 1).is_multiple_of(6);
        let base = if local { 10_000.0 } else { self.number("rope.freq_base").unwrap_or(10_000.0) };
        let factor = if local { 1.0 } else { self.number("rope.scaling.factor").unwrap_or(1.0) };
        let split =
            |x: Tensor, heads: usize| x.reshape((tokens, heads, width))?.transpose(0, 1)?.contiguous();
        let mut q = split(self.linear(x, &name("attn_q"))?, heads)?;
        let mut k = split(self.linear(x, &name("attn_k"))?, shared)?;
        let v = split(self.linear(x, &name("attn_v"))?, shared)?;
        if self.tensors.contains_key(&name("attn_q_norm.weight")) {
            q = self.norm(&q, &name("attn_q_norm.weight"))?;
            k = self.norm(&k, &name("attn_k_norm.weight"))?;
        }
        q = self.turn(&q, base, factor, !local)?;
        k = self.turn(&k, base, factor, !local)?;
        let repeat = |x: Tensor| -> Result<Tensor> {
            let copies: Vec<Tensor> =
                (0..heads).map(|head| x.get(head / (heads / shared))).collect::<Result<_>>()?;
            Tensor::stack(&copies, 0)
        };
        let (k, v) = (repeat(k)?, repeat(v)?);
        let window = self.whole("attention.sliding_window").filter(|_| local).unwrap_or(usize::MAX);
        let hidden = |from: usize, to: usize| to > from || from - to >= window;
        let mask: Vec<f32> = (0..tokens * tokens)
            .map(|at| if hidden(at / tokens, at % tokens) { f32::NEG_INFINITY } else { 0.0 })
            .collect();
        let mask = Tensor::from_vec(mask, (tokens, tokens), &Device::Cpu)?;
        let scores =
            (q.matmul(&k.transpose(1, 2)?.contiguous()?)? / (width as f64).sqrt())?.broadcast_add(&mask)?;
        let scores = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
        let weights = scores.broadcast_div(&scores.sum_keepdim(D::Minus1)?)?;
        let mixed = weights.matmul(&v.contiguous()?)?.transpose(0, 1)?.contiguous()?;
        self.linear(&mixed.reshape((tokens, heads * width))?, &name("attn_output"))
    }

    fn feed(&self, x: &Tensor, layer: usize) -> Result<Tensor> {
        let name = |name: &str| format!("blk.{layer}.{name}");
        let gate = self.linear(x, &name("ffn_gate"))?;
        let gate = if self.gemma() { gate.gelu()? } else { gate.silu()? };
        self.linear(&(gate * self.linear(x, &name("ffn_up"))?)?, &name("ffn_down"))
    }

    /// What leaves the last layer, normed: a row per token.
    pub(crate) fn hidden(&self, tokens: &[u32]) -> Result<Tensor> {
        let ids = Tensor::new(tokens, &Device::Cpu)?;
        let mut x = self.tensors["token_embd.weight"].index_select(&ids, 0)?;
        if self.gemma() {
            x = (x.clone() * (x.dim(1)? as f64).sqrt())?;
        }
        for layer in 0..self.whole("block_count").unwrap() {
            let name = |name: &str| format!("blk.{layer}.{name}");
            let mut out = self.attention(&self.norm(&x, &name("attn_norm.weight"))?, layer)?;
            if self.gemma() {
                out = self.norm(&out, &name("post_attention_norm.weight"))?;
            }
            x = (x + out)?;
            let mut out = self.feed(&self.norm(&x, &name("ffn_norm.weight"))?, layer)?;
            if self.gemma() {
                out = self.norm(&out, &name("post_ffw_norm.weight"))?;
            }
            x = (x + out)?;
        }
        self.norm(&x, "output_norm.weight")
    }

    /// The logits of some rows of [`hidden`](Self::hidden).
    pub(crate) fn logits(&self, hidden: &Tensor) -> Result<Vec<Vec<f32>>> {
        let own = self.tensors.get("output.weight").unwrap_or_else(|| &self.tensors["token_embd.weight"]);
        let logits = hidden.matmul(&own.t()?)?;
        match self.number("final_logit_softcapping") {
            Some(cap) if cap > 0.0 => ((logits / cap)?.tanh()? * cap)?.to_vec2(),
            _ => logits.to_vec2(),
        }
    }
}
