//! Merging: sixteen neighbours of one level become an object of the next, with the last state of each page (as Litestream's LTX levels).
//!
//! What is merged stays: any commit can be restored until it is forgotten. A merge only makes that fewer objects need to be read, so
//! shipping does not wait for it.

use std::collections::BTreeMap;

use super::{
    Shipper,
    aside::{Aside, blocking},
};
use crate::{
    backup::{
        header::{FAN_OUT, LEVELS, LogHeader, Point, What, log_place, span},
        object::{Object, damaged},
        pages::pages_of,
    },
    error::{ErrorKind, Result},
};

/// An object of more bytes of pages than this is not merged any further: reading two costs no more than reading one.
const MOST_BYTES: usize = 64 << 20;

/// A merge that is to be made.
pub(in crate::backup) struct Merge {
    aside: Aside,
    level: u8,
    /// The number that the first of the objects begins with.
    first: u64,
}

/// One that was made, or found not to be worth it.
pub(in crate::backup) struct Merged {
    level: u8,
    first: u64,
    /// How many bytes the object has; `None` where there is none: it would be too large, or its parts are forgotten by now.
    bytes: Option<u64>,
}

impl Shipper {
    /// The next merge that sixteen complete neighbours make due.
    pub(in crate::backup) fn due_merge(&self) -> Option<Merge> {
        let chain = self.chain()?;
        (1..=LEVELS).find_map(|level| {
            let first = chain.merged[usize::from(level) - 1];
            let complete = if level == 1 { chain.next } else { chain.merged[usize::from(level) - 2] };
            let due = first + span(level) <= complete;
            due.then(|| Merge { aside: self.aside(chain), level, first })
        })
    }

    /// Goes on from a merge of the chain.
    pub(in crate::backup) fn finish_merge(&mut self, merged: Result<Merged>) -> Result<()> {
        let merged = match merged {
            // What is shipped from now on must be restored without it.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::error!(target: "heptad::backup", %error, "an object of the backup is damaged");
                self.give_up("an object of it is damaged");
                return Ok(());
            }
            outcome => outcome?,
        };
        if let Some(bytes) = merged.bytes {
            self.counts.merges += 1;
            self.counts.objects += 1;
            self.counts.bytes += bytes;
        }
        self.chain_mut()?.merged[usize::from(merged.level) - 1] = merged.first + span(merged.level);
        Ok(())
    }
}

impl Merge {
    /// Makes it.
    ///
    /// # Errors
    /// `Corrupt` where one of the objects is damaged; whatever the target fails with.
    pub(in crate::backup) async fn make(self) -> Result<Merged> {
        let Self { aside, level, first } = &self;
        let nothing = Merged { level: *level, first: *first, bytes: None };
        let mut gathered = Gathered::default();
        for index in 0..FAN_OUT {
            let child = first + index * span(level - 1);
            let (header, object) = match aside.archive.log(&aside.chain, level - 1, child).await {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(nothing),
                found => found?,
            };
            let page_size = aside.page_size;
            gathered = blocking(move || gathered.with(header, &object, page_size)).await?;
            if gathered.pages.len() * page_size as usize > MOST_BYTES {
                return Ok(nothing);
            }
        }
        let place = log_place(&aside.chain, *level, *first);
        let (level, first) = (*level, *first);
        let Some((object, _)) = aside.encode(&place, move || Ok(gathered.merged(level, first))).await? else {
            return Ok(nothing);
        };
        let bytes = Some(object.len() as u64);
        match aside.put(&place, object).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(nothing),
            outcome => outcome.map(|()| Merged { bytes, ..nothing }),
        }
    }
}

/// Objects that follow each other, laid over each other.
#[derive(Default)]
struct Gathered {
    /// The first's, with the end of the last one.
    header: Option<LogHeader>,
    pages: BTreeMap<u32, Vec<u8>>,
}

impl Gathered {
    fn with(mut self, header: LogHeader, object: &Object, page_size: u32) -> Result<Self> {
        if self.header.as_ref().is_some_and(|before| before.link != Some(header.previous)) {
            return Err(damaged("it does not follow the object before it").with("sequence", header.first));
        }
        for (point, changed) in pages_of(&header, page_size, &object.body)? {
            self.pages.extend(changed.into_iter().map(|(number, page)| (number, page.to_vec())));
            self.pages.split_off(&(point.size.saturating_add(1)));
        }
        let link = header.link.unwrap_or(object.link);
        let (last, end, log_start) = (header.last, header.end, header.log_start);
        let point = header.points.last().copied();
        let merged = self.header.get_or_insert(LogHeader { points: Vec::new(), ..header });
        (merged.last, merged.end, merged.log_start, merged.link) = (last, end, log_start, Some(link));
        merged.points = point.into_iter().collect();
        Ok(self)
    }

    fn merged(self, level: u8, first: u64) -> Option<(What, Vec<u8>)> {
        let Self { header, pages } = self;
        let mut header = LogHeader { level, first, ..header? };
        for point in &mut header.points {
            *point = Point { pages: pages.len() as u32, ..*point };
        }
        let mut body = Vec::with_capacity(pages.values().map(|page| page.len() + 4).sum());
        for (number, page) in &pages {
            body.extend_from_slice(&number.to_le_bytes());
            body.extend_from_slice(page);
        }
        Some((What::Log(header), body))
    }
}
