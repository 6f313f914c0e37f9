//! The way to the end of a document: from where it is, always the token that closes something if one may come, else the plainest.

use llguidance::Matcher;

use super::{Literal, failed};
use crate::error::Result;

/// The longest way that is looked for, in tokens.
const LONGEST: usize = 4096;

/// What closes or is plain, the best first: within a text, and outside.
const IN_TEXT: &[u8] =
    b"\"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:/@ +,;#%&*=?!()[]{}<>|~^$'`\\";
const OUTSIDE: &[u8] = b"}],0123456789:\"-ntf[{.eE+";

/// How many of its next tokens a plan may lose and still be of use.
const LOST: usize = 8;

/// Tokens that complete the document, the next one last; `None` where this search does not come to an end. A plan that is `known` from somewhere
/// else is gone back to where that can be.
pub(super) fn plan(
    matcher: &Matcher,
    literal: &Literal,
    tokens: &[Vec<u8>],
    known: &[u32],
) -> Result<Option<Vec<u32>>> {
    let (mut matcher, mut literal) = (matcher.clone(), *literal);
    let environment = matcher.tok_env().map_err(failed)?;
    let trie = environment.tok_trie();
    let mut way: Vec<u32> = Vec::new();
    while !matcher.is_stopped() && !matcher.is_accepting().map_err(failed)? {
        if way.len() > LONGEST {
            return Ok(None);
        }
        if let Some(rest) = rest(&mut matcher, &[], known)? {
            way.reverse();
            return Ok(Some([rest, &way[..]].concat()));
        }
        let forced = matcher.compute_ff_bytes();
        let mut next = if forced.is_empty() { Vec::new() } else { trie.greedy_tokenize(&forced) };
        if next.is_empty() {
            let allowed = matcher.compute_mask().map_err(failed)?;
            let plain = if literal.in_text() { IN_TEXT } else { OUTSIDE };
            let single = plain
                .iter()
                .filter_map(|byte| trie.token_id_at_bytes(&[*byte]))
                .find(|id| allowed.is_allowed(*id));
            let Some(token) = single.or_else(|| first(&allowed, tokens)) else { return Ok(None) };
            next.push(token);
        }
        for token in next {
            let bytes = tokens.get(token as usize).map_or(&[][..], Vec::as_slice);
            literal = literal.after(bytes).unwrap_or_default();
            matcher.consume_token(token).map_err(failed)?;
            way.push(token);
        }
    }
    way.reverse();
    Ok(Some(way))
}

/// What remains of `plan` once its next few tokens are left out, so that it completes the document behind `first`; `None` where nothing of it does.
pub(super) fn rest<'a>(matcher: &mut Matcher, first: &[u32], plan: &'a [u32]) -> Result<Option<&'a [u32]>> {
    if plan.is_empty() {
        return Ok(None);
    }
    let end = matcher.tok_env().map_err(failed)?.tok_trie().eos_token();
    for lost in 0..=LOST.min(plan.len()) {
        let rest = &plan[..plan.len() - lost];
        let way: Vec<u32> = first.iter().chain(rest.iter().rev()).copied().chain([end]).collect();
        if matcher.validate_tokens(&way).map_err(failed)? == way.len() {
            return Ok(Some(rest));
        }
    }
    Ok(None)
}

/// The first token that is text.
fn first(allowed: &toktrie::SimpleVob, tokens: &[Vec<u8>]) -> Option<u32> {
    allowed.iter().find(|id| {
        let bytes = tokens.get(*id as usize).map_or(&[][..], Vec::as_slice);
        !bytes.is_empty() && bytes[0] != toktrie::TokTrie::SPECIAL_TOKEN_MARKER
    })
}
