//! Embeddings: the BERT family (BERT, RoBERTa, XLM-RoBERTa) from safetensors, pooled as the model's own modules say.
//!
//! Texts are never padded: every linear layer runs over the tokens of all texts of a batch, one behind the other, and attention over the
//! tokens of each text. `linear.rs` holds the one product of matrices, `ops.rs` the element-wise loops, `layer.rs` the order of things.

mod attention;
mod config;
mod layer;
mod linear;
mod model;
mod ops;
#[cfg(test)]
mod tests;
mod tokens;
mod weights;

use std::path::Path;

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};

use self::{
    config::{Architecture, Sentence},
    model::Model,
    tokens::{Tokens, WordPieces},
};
use crate::{
    error::{Error, Result},
    file::Bytes,
};

/// How many tokens a batch has, where no text of it is longer: enough to use every weight often while it is near, few enough that what
/// is computed stays near too.
const TOKENS_PER_BATCH: usize = 512;

/// How a model is loaded.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads that compute; 0 for as many as the machine has. With 1, everything happens on the calling thread.
    pub threads: usize,
}

/// The files of a model, read.
#[derive(Clone, Debug)]
pub struct Parts {
    /// `config.json`.
    pub config: Bytes,
    /// `tokenizer.json`.
    pub tokenizer: Bytes,
    /// `model.safetensors`.
    pub weights: Bytes,
    /// `sentence_bert_config.json`, where there is one.
    pub sentence: Option<Bytes>,
    /// `modules.json`, where there is one.
    pub modules: Option<Bytes>,
    /// The `config.json` of the pooling module, where there is one.
    pub pooling: Option<Bytes>,
}

/// A model that makes vectors of texts. May be used from several threads at once; they share its threads.
pub struct Bert {
    tokens: Tokens,
    model: Model,
    pool: Option<ThreadPool>,
    fingerprint: u64,
}

/// Vectors of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// A vector of length 1 for each text, in its order.
    pub vectors: Vec<Vec<f32>>,
    /// How many tokens were read, those that mark beginning and end included.
    pub tokens: usize,
    /// The texts that were longer than the model reads, by place, in order: their ends are not in the vector.
    pub truncated: Vec<usize>,
}

impl Bert {
    /// Loads the model in a folder. The word embeddings stay in the mapped file; the other weights are laid out for this processor.
    ///
    /// # Errors
    /// [`Error::File`] for a file that cannot be read, [`Error::Malformed`], [`Error::Metadata`] and [`Error::Tensor`] for what is
    /// damaged, missing or does not fit, by name; [`Error::Unsupported`] for a model of another kind.
    pub fn open(folder: &Path, options: &Options) -> Result<Self> {
        let needed = |name: &str| Bytes::map(&folder.join(name));
        let optional = |name: &str| match Bytes::map(&folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let modules = optional("modules.json")?;
        let pooling = modules.as_ref().map(config::pooling_folder).transpose()?.flatten();
        let parts = Parts {
            config: needed("config.json")?,
            tokenizer: needed("tokenizer.json")?,
            weights: needed("model.safetensors")?,
            sentence: optional("sentence_bert_config.json")?,
            pooling: optional(&format!("{}/config.json", pooling.as_deref().unwrap_or("1_Pooling")))?,
            modules,
        };
        Self::load(&parts, options)
    }

    /// Loads a model of files that are read already.
    ///
    /// # Errors
    /// As [`Bert::open`].
    pub fn load(parts: &Parts, options: &Options) -> Result<Self> {
        let architecture = Architecture::read(&parts.config)?;
        let sentence = Sentence::read(parts)?;
        let tokens = Tokens::read(&parts.tokenizer, sentence.max_tokens, architecture.max_tokens())?;
        let model = Model::load(&parts.weights, &architecture, sentence.pooling)?;
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let builder =
            ThreadPoolBuilder::new().num_threads(threads).thread_name(|at| format!("heptad-embed-{at}"));
        let pool = (threads > 1).then(|| builder.build()).transpose();
        let pool = pool
            .map_err(|error| Error::Unsupported(format!("the threads of the model do not start: {error}")))?;
        Ok(Self { tokens, model, pool, fingerprint: fingerprint(parts) })
    }

    /// How many numbers a vector has.
    pub fn dimensions(&self) -> usize {
        self.model.dimensions()
    }

    /// How many tokens of a text are read, those that mark beginning and end included.
    pub fn max_tokens(&self) -> usize {
        self.tokens.most
    }

    /// Tells this model from others of the same name. Made of samples of its files: no proof against forgery.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The tokens that the model reads of `text`, those that mark beginning and end included.
    ///
    /// # Errors
    /// [`Error::Input`] where the tokenizer fails.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.tokens.encode(text)?.ids)
    }

    /// The vectors of `texts`. What a text's vector is does not depend on the others, on the number of threads, or on how they are batched.
    ///
    /// # Errors
    /// [`Error::Input`] where the tokenizer fails, or knows a word that the model does not.
    pub fn embed<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Embedded> {
        match &self.pool {
            Some(pool) => pool.install(|| {
                let pieces = texts
                    .par_iter()
                    .map(|text| self.tokens.encode(text.as_ref()))
                    .collect::<Result<Vec<_>>>()?;
                let batches: Vec<_> =
                    batches(&pieces).into_par_iter().map(|batch| self.run(&pieces, batch)).collect();
                gather(&pieces, batches)
            }),
            None => {
                let pieces =
                    texts.iter().map(|text| self.tokens.encode(text.as_ref())).collect::<Result<Vec<_>>>()?;
                let batches = batches(&pieces).into_iter().map(|batch| self.run(&pieces, batch)).collect();
                gather(&pieces, batches)
            }
        }
    }

    /// The vectors of the texts at these places, with the places.
    fn run(&self, pieces: &[WordPieces], batch: Vec<usize>) -> Result<Vec<(usize, Vec<f32>)>> {
        let texts: Vec<&[u32]> = batch.iter().map(|at| &pieces[*at].ids[..]).collect();
        Ok(batch.into_iter().zip(self.model.run(&texts)?).collect())
    }
}

/// Texts by place, sorted by length, in batches. The long ones come first, so that threads end at about the same time.
fn batches(pieces: &[WordPieces]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(pieces[*at].ids.len()), *at));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for at in order {
        let length = pieces[at].ids.len();
        match batches.last_mut().filter(|_| length <= room) {
            Some(batch) => {
                batch.push(at);
                room -= length;
            }
            None => {
                batches.push(vec![at]);
                room = TOKENS_PER_BATCH.saturating_sub(length);
            }
        }
    }
    batches
}

/// Vectors, each with the number of its text.
type Numbered = Vec<(usize, Vec<f32>)>;

/// What the batches gave, in the order of the texts.
fn gather(pieces: &[WordPieces], batches: Vec<Result<Numbered>>) -> Result<Embedded> {
    let mut vectors = vec![Vec::new(); pieces.len()];
    for batch in batches {
        for (at, vector) in batch? {
            vectors[at] = vector;
        }
    }
    let truncated =
        pieces.iter().enumerate().filter(|(_, pieces)| pieces.truncated).map(|(at, _)| at).collect();
    Ok(Embedded { vectors, tokens: pieces.iter().map(|pieces| pieces.ids.len()).sum(), truncated })
}

/// FNV-1a over the small files and over pieces of the large one.
fn fingerprint(parts: &Parts) -> u64 {
    const PIECE: usize = 4096;
    const PIECES: usize = 64;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut feed = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    let small = [Some(&parts.config), parts.sentence.as_ref(), parts.pooling.as_ref()];
    small.into_iter().flatten().for_each(|bytes| feed(bytes));
    for large in [&parts.tokenizer, &parts.weights] {
        feed(&large.len().to_le_bytes());
        let step = (large.len() / PIECES).max(PIECE);
        (0..large.len()).step_by(step).for_each(|at| feed(&large[at..large.len().min(at + PIECE)]));
    }
    hash
}
