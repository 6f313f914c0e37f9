//! What the small files say: the shape of the model, how its output is pooled, how much it reads.

use serde::{Deserialize, de::DeserializeOwned};

use super::Parts;
use crate::{
    error::{Error, Result},
    file::Bytes,
};

/// `config.json`, as far as it matters.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Architecture {
    model_type: String,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) vocab_size: usize,
    pub(super) type_vocab_size: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default)]
    position_embedding_type: Option<String>,
    #[serde(default)]
    pad_token_id: Option<usize>,
    pub(super) layer_norm_eps: f32,
}

fn gelu() -> String {
    "gelu".to_owned()
}

impl Architecture {
    /// Reads and checks it.
    pub(super) fn read(bytes: &Bytes) -> Result<Self> {
        let read: Self = json("config.json", bytes)?;
        match read.model_type.as_str() {
            "bert" | "roberta" | "xlm-roberta" => {}
            other => {
                let other: String = other.escape_debug().take(40).collect();
                let message = format!(
                    "`{other}` models make no embeddings here: `bert`, `roberta` and `xlm-roberta` do"
                );
                return Err(Error::Unsupported(message));
            }
        }
        for (key, value, most) in [
            ("hidden_size", read.hidden_size, 8_192),
            ("num_hidden_layers", read.num_hidden_layers, 256),
            ("num_attention_heads", read.num_attention_heads, 256),
            ("intermediate_size", read.intermediate_size, 65_536),
            ("max_position_embeddings", read.max_position_embeddings, 1 << 16),
            ("vocab_size", read.vocab_size, 1 << 24),
            ("type_vocab_size", read.type_vocab_size, 1024),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Error::metadata(key, format!("it is 1 to {most}, not {value}")));
            }
        }
        if !read.hidden_size.is_multiple_of(read.num_attention_heads) {
            let (width, heads) = (read.hidden_size, read.num_attention_heads);
            let problem = format!("{heads} heads do not share {width} numbers equally");
            return Err(Error::metadata("num_attention_heads", problem));
        }
        if !(read.layer_norm_eps > 0.0 && read.layer_norm_eps < 1.0) {
            return Err(Error::metadata("layer_norm_eps", "it is above 0 and below 1"));
        }
        if read.hidden_act != "gelu" {
            let other: String = read.hidden_act.escape_debug().take(40).collect();
            return Err(Error::metadata("hidden_act", format!("`{other}` is not built: `gelu` is")));
        }
        if read.position_embedding_type.as_deref().is_some_and(|kind| kind != "absolute") {
            return Err(Error::metadata("position_embedding_type", "only `absolute` is built"));
        }
        if read.first_position() >= read.max_position_embeddings {
            return Err(Error::metadata("pad_token_id", "it leaves no positions"));
        }
        Ok(read)
    }

    /// The position of the first token: RoBERTa begins to count behind its padding token.
    pub(super) fn first_position(&self) -> usize {
        if self.model_type == "bert" { 0 } else { self.pad_token_id.unwrap_or(1).saturating_add(1) }
    }

    /// How many tokens have a position.
    pub(super) fn max_tokens(&self) -> usize {
        self.max_position_embeddings - self.first_position()
    }
}

/// How the vectors of tokens become the vector of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// Their mean.
    Mean,
    /// The first of them.
    First,
    /// The greatest of each number.
    Max,
}

/// What the files of sentence-transformers say.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    pub(super) pooling: Pooling,
    /// How many tokens are read, where it says so.
    pub(super) max_tokens: Option<usize>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
struct SentenceConfig {
    #[serde(default)]
    max_seq_length: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
    /// How newer files say it.
    pooling_mode: Option<String>,
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

impl Sentence {
    pub(super) fn read(parts: &Parts) -> Result<Self> {
        if let Some(bytes) = &parts.modules {
            for module in json::<Vec<Module>>("modules.json", bytes)? {
                let kind = module.kind.rsplit('.').next().unwrap_or_default();
                if !["Transformer", "Pooling", "Normalize"].contains(&kind) {
                    let kind: String = kind.escape_debug().take(40).collect();
                    return Err(Error::Unsupported(format!("modules.json: a module `{kind}` is not built")));
                }
            }
        }
        let max_tokens = match &parts.sentence {
            Some(bytes) => json::<SentenceConfig>("sentence_bert_config.json", bytes)?.max_seq_length,
            None => None,
        };
        let pooling = match &parts.pooling {
            Some(bytes) => json::<PoolingConfig>("pooling config.json", bytes)?.pooling()?,
            None => Pooling::Mean,
        };
        Ok(Self { pooling, max_tokens })
    }
}

impl PoolingConfig {
    fn pooling(&self) -> Result<Pooling> {
        let flags = [
            (self.pooling_mode_cls_token, "cls"),
            (self.pooling_mode_mean_tokens, "mean"),
            (self.pooling_mode_max_tokens, "max"),
            // With vectors of length 1 the two means are the same.
            (self.pooling_mode_mean_sqrt_len_tokens, "mean"),
            (self.pooling_mode_weightedmean_tokens, "weightedmean"),
            (self.pooling_mode_lasttoken, "lasttoken"),
        ];
        let mut modes: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, mode)| *mode).collect();
        modes.extend(self.pooling_mode.as_deref().filter(|_| modes.is_empty()));
        match modes[..] {
            [] | ["mean"] => Ok(Pooling::Mean),
            ["cls"] => Ok(Pooling::First),
            ["max"] => Ok(Pooling::Max),
            _ => {
                let modes: String = modes.join("+").escape_debug().take(80).collect();
                Err(Error::metadata(
                    "pooling_mode",
                    format!("`{modes}` is not built: one of `mean`, `cls`, `max` is"),
                ))
            }
        }
    }
}

/// The folder of the pooling module. Only a plain name is taken: no file outside the model's folder is ever read.
pub(super) fn pooling_folder(modules: &Bytes) -> Result<Option<String>> {
    let modules: Vec<Module> = json("modules.json", modules)?;
    let pooling =
        modules.into_iter().find(|module| module.kind.ends_with(".Pooling")).map(|module| module.path);
    match pooling {
        Some(path)
            if !path.is_empty()
                && path.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') =>
        {
            Ok(Some(path))
        }
        Some(_) => Err(Error::metadata("modules.json", "the path of the pooling module is no plain name")),
        None => Ok(None),
    }
}

fn json<T: DeserializeOwned>(name: &'static str, bytes: &Bytes) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let before: usize = bytes
            .split(|byte| *byte == b'\n')
            .take(error.line().saturating_sub(1))
            .map(|line| line.len() + 1)
            .sum();
        Error::Malformed {
            format: name,
            at: before + error.column().saturating_sub(1),
            problem: error.to_string(),
        }
    })
}
