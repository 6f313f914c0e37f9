//! Reference tokenizers: Hugging Face's, run by their own library, and ours made of the same vocabulary.

use std::{collections::BTreeMap, fs, path::Path};

use heptad_infer::tokenizer::{Algorithm, TokenKind, Tokenizer, Vocabulary};
use serde_json::Value;

/// Both, and what is known of the tokens.
pub(crate) struct Pair {
    pub(crate) ours: Tokenizer,
    pub(super) theirs: tokenizers::Tokenizer,
}

impl Pair {
    /// `ours` beside the reference of the file `json`.
    pub(super) fn beside(ours: Tokenizer, json: &Path) -> Self {
        Self { ours, theirs: theirs(json) }
    }

    /// Ours is made of the vocabulary in `json`, written as a GGUF file has it, with the rule `split`.
    pub(crate) fn of_byte_pairs(json: &Path, split: &str) -> Self {
        let text = fs::read_to_string(json).expect("the reference is read");
        let value: Value = serde_json::from_str(&text).expect("the reference is JSON");
        let ours = Tokenizer::new(&vocabulary(&value, split)).expect("the vocabulary is sound");
        Self { ours, theirs: theirs(json) }
    }

    /// The tokens of `text` by the reference, the names of control tokens read as such.
    pub(super) fn reference(&self, text: &str) -> Vec<u32> {
        self.theirs.encode(text, false).expect("the reference encodes").get_ids().to_vec()
    }

    /// Compares both on one text; the count of tokens.
    #[track_caller]
    pub(super) fn same(&self, text: &str) -> usize {
        let (expected, found) = (self.reference(text), self.ours.encode_frame(text));
        if expected != found {
            let at = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
            let near = |ids: &[u32]| -> Vec<String> {
                ids.iter().skip(at.saturating_sub(2)).take(8).map(|id| self.ours.name(*id)).collect()
            };
            let shown: String = text.chars().take(300).collect();
            panic!("token {at}: {:?} is {:?} in {shown:?}", near(&expected), near(&found));
        }
        found.len()
    }
}

fn theirs(json: &Path) -> tokenizers::Tokenizer {
    tokenizers::Tokenizer::from_file(json).expect("the reference is read by its library")
}

fn vocabulary(json: &Value, split: &str) -> Vocabulary {
    let mut tokens: BTreeMap<u64, (String, TokenKind)> = BTreeMap::new();
    for (text, id) in json["model"]["vocab"].as_object().expect("a vocabulary") {
        tokens.insert(id.as_u64().expect("an id"), (text.clone(), TokenKind::Normal));
    }
    for added in json["added_tokens"].as_array().expect("added tokens") {
        let kind =
            if added["special"] == Value::Bool(true) { TokenKind::Control } else { TokenKind::UserDefined };
        let text = added["content"].as_str().expect("its text").to_owned();
        tokens.insert(added["id"].as_u64().expect("an id"), (text, kind));
    }
    let count = tokens.keys().last().expect("there are tokens") + 1;
    let filled =
        (0..count).map(|id| tokens.remove(&id).unwrap_or_else(|| (format!("[PAD{id}]"), TokenKind::Unused)));
    let (tokens, kinds) = filled.unzip();
    let merge = |merge: &Value| match merge {
        Value::String(text) => text.clone(),
        pair => format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()),
    };
    let merges = json["model"]["merges"].as_array().expect("merges").iter().map(merge).collect();
    let id = |name: &str| {
        json["added_tokens"].as_array()?.iter().find(|token| token["content"] == name)?["id"].as_u64()
    };
    let first = |names: &[&str]| names.iter().find_map(|name| id(name)).and_then(|id| u32::try_from(id).ok());
    Vocabulary {
        algorithm: Algorithm::BytePairs { split: split.into(), merges },
        tokens,
        scores: Vec::new(),
        kinds,
        bos: first(&["<|begin_of_text|>"]),
        eos: first(&["<|eot_id|>", "<|im_end|>", "<|endoftext|>"]),
        unknown: None,
        ends: Vec::new(),
        add_bos: None,
        add_eos: false,
    }
}
