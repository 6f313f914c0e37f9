//! Merging: sixteen neighbours of one level become an object of the next, with the last state of each page (as Litestream's LTX levels).
//!
//! What is merged stays: any commit can be restored until it is forgotten. A merge only makes that fewer objects need to be read.

use std::collections::BTreeMap;

use super::Shipper;
use crate::{
    backup::{
        header::{FAN_OUT, LEVELS, LogHeader, Point, What, span},
        object::{damaged, encode},
        pages::pages_of,
    },
    error::{ErrorKind, Result},
};

/// An object of more bytes of pages than this is not merged any further: reading two costs no more than reading one.
const MOST_BYTES: usize = 64 << 20;

impl Shipper {
    /// Merges once, where sixteen neighbours are complete; `false` where there is nothing to do.
    pub(in crate::backup) async fn merge(&mut self) -> Result<bool> {
        let Some(chain) = self.chain() else { return Ok(false) };
        let due = (1..=LEVELS).find_map(|level| {
            let first = chain.merged[usize::from(level) - 1];
            let complete = if level == 1 { chain.next } else { chain.merged[usize::from(level) - 2] };
            (first + span(level) <= complete).then_some((level, first))
        });
        let Some((level, first)) = due else { return Ok(false) };
        let name = chain.name.clone();
        match self.merge_into(&name, level, first).await {
            // What is shipped from now on must be restored without it.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::error!(target: "heptad::backup", %error, "an object of the backup is damaged");
                self.give_up("an object of it is damaged");
                return Ok(false);
            }
            outcome => outcome?,
        }
        self.chain_mut()?.merged[usize::from(level) - 1] = first + span(level);
        Ok(true)
    }

    async fn merge_into(&mut self, chain: &str, level: u8, first: u64) -> Result<()> {
        let archive = self.archive();
        let mut pages: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut merged: Option<LogHeader> = None;
        for index in 0..FAN_OUT {
            let child = first + index * span(level - 1);
            let (header, object) =
                match self.watch(async { archive.log(chain, level - 1, child).await }).await {
                    // Too large to have been merged itself; or forgotten by now.
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                    found => found?,
                };
            if merged.as_ref().is_some_and(|merged| merged.link != Some(header.previous)) {
                return Err(damaged("it does not follow the object before it").with("sequence", child));
            }
            for (point, changed) in pages_of(&header, self.page_size, &object.body)? {
                pages.extend(changed.into_iter().map(|(number, page)| (number, page.to_vec())));
                pages.split_off(&(point.size.saturating_add(1)));
            }
            if pages.len() * self.page_size as usize > MOST_BYTES {
                return Ok(());
            }
            let link = header.link.unwrap_or(object.link);
            let (last, end, log_start) = (header.last, header.end, header.log_start);
            let point = header.points.last().copied();
            let merged = merged.get_or_insert(LogHeader { level, first, points: Vec::new(), ..header });
            (merged.last, merged.end, merged.log_start, merged.link) = (last, end, log_start, Some(link));
            merged.points = point.into_iter().collect();
        }
        let Some(mut header) = merged else { return Ok(()) };
        for point in &mut header.points {
            *point = Point { pages: pages.len() as u32, ..*point };
        }
        let mut body = Vec::with_capacity(pages.len() * (self.page_size as usize + 4));
        for (number, page) in &pages {
            body.extend_from_slice(&number.to_le_bytes());
            body.extend_from_slice(page);
        }
        let place = crate::backup::header::log_place(chain, level, first);
        let (bytes, _) = encode(&self.header(place.clone(), What::Log(header)), &body)?;
        match self.put(&place, &bytes.into()).await {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.counts.merges += 1;
        Ok(())
    }
}
