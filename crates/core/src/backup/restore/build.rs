//! Putting the file together.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use futures_util::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};

use super::{Restored, find::Plan};
use crate::{
    backup::{
        archive::Archive,
        header::{LogHeader, Point, What, base_place},
        object::{Link, Object, damaged},
        pages::pages_of,
    },
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    progress::SharedProgress,
    store::sqlite::inspect,
};

/// How many objects are fetched ahead. Each takes up to about 64 MiB.
const AHEAD: usize = 4;

/// A file in the making.
struct Image {
    file: File,
    page_size: u32,
    objects: u64,
    /// The link that the next object of the log must name.
    link: Link,
    point: Option<Point>,
}

/// Writes the file of `plan` to `path`, which exists and is empty, and checks it.
pub(super) async fn build(
    archive: &Archive,
    plan: &Plan,
    path: &Path,
    progress: &SharedProgress,
) -> Result<Restored> {
    let file = File::options().write(true).open(path).map_err(unwritable)?;
    let snapshot = &plan.snapshot.header;
    let mut image =
        Image { file, page_size: plan.snapshot.page_size, objects: 1, link: snapshot.previous, point: None };
    let total = (snapshot.parts.len() + plan.whole.len() + plan.part.iter().len()) as u64;
    let mut places = Vec::new();
    for (part, link) in (0..).zip(snapshot.parts.iter().copied()) {
        places.push(base(archive.clone(), base_place(&plan.chain, &plan.snapshot.id, part), part, link));
    }
    let mut parts = stream::iter(places).buffered(AHEAD);
    while let Some((part, link, object)) = parts.try_next().await? {
        check(plan, &object)?;
        image = run(image, move |image| image.base(part, link, &object)).await?;
        progress.report(image.objects, total, "objects");
    }
    drop(parts);
    let mut wanted = Vec::new();
    for (level, first) in plan.whole.iter().copied() {
        wanted.push(log(archive.clone(), plan.chain.clone(), level, first, usize::MAX));
    }
    if let Some((first, points)) = plan.part {
        wanted.push(log(archive.clone(), plan.chain.clone(), 0, first, points));
    }
    let mut log = stream::iter(wanted).buffered(AHEAD);
    while let Some((points, (header, object))) = log.try_next().await? {
        check(plan, &object)?;
        image = run(image, move |image| image.log(&header, &object, points)).await?;
        progress.report(image.objects, total, "objects");
    }
    drop(log);
    let path = path.to_owned();
    let work = tokio::task::spawn_blocking(move || finish(image, &path));
    work.await.map_err(|error| Error::internal("checking the restored file panicked").because(error))?
}

/// A part of a snapshot, with what is known of it.
fn base(
    archive: Archive,
    place: String,
    part: u32,
    link: Link,
) -> BoxFuture<'static, Result<(u32, Link, Object)>> {
    Box::pin(async move { Ok((part, link, archive.object(&place).await.map_err(gone)?)) })
}

/// An object of the log, with how many of its points are wanted.
fn log(
    archive: Archive,
    chain: String,
    level: u8,
    first: u64,
    points: usize,
) -> BoxFuture<'static, Result<(usize, (LogHeader, Object))>> {
    Box::pin(async move { Ok((points, archive.log(&chain, level, first).await.map_err(gone)?)) })
}

/// What a plan says is there was there when it was made, or a snapshot says so.
fn gone(error: Error) -> Error {
    if error.kind() == ErrorKind::NotFound {
        return Error::new(ErrorKind::Corrupt, "an object of the backup is missing").because(error);
    }
    error
}

fn check(plan: &Plan, object: &Object) -> Result<()> {
    if object.header.database != plan.database {
        return Err(damaged("it belongs to another database").with("object", &object.header.place));
    }
    if object.header.page_size != plan.snapshot.page_size {
        return Err(damaged("its pages have another size").with("object", &object.header.place));
    }
    Ok(())
}

async fn run(
    mut image: Image,
    work: impl FnOnce(&mut Image) -> Result<()> + Send + 'static,
) -> Result<Image> {
    let work = tokio::task::spawn_blocking(move || {
        work(&mut image)?;
        image.objects += 1;
        Ok(image)
    });
    work.await.map_err(|error| Error::internal("writing the restored file panicked").because(error))?
}

impl Image {
    fn write(&mut self, page: u32, bytes: &[u8]) -> Result<()> {
        let at = u64::from(page - 1) * u64::from(self.page_size);
        self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.write_all(bytes)).map_err(unwritable)
    }

    fn base(&mut self, part: u32, link: Link, object: &Object) -> Result<()> {
        let What::Base(header) = &object.header.what else {
            return Err(damaged("it is no part of a snapshot").with("object", &object.header.place));
        };
        if header.part != part || header.first_page == 0 || object.link != link {
            return Err(
                damaged("it is not the part that its snapshot names").with("object", &object.header.place)
            );
        }
        self.write(header.first_page, &object.body)
    }

    /// Applies the first `points` points of an object.
    fn log(&mut self, header: &LogHeader, object: &Object, points: usize) -> Result<()> {
        if header.previous != self.link {
            let message = "it does not follow the object before it: one is missing or another database's";
            return Err(damaged(message).with("object", &object.header.place));
        }
        self.link = header.link.unwrap_or(object.link);
        for (point, pages) in pages_of(header, self.page_size, &object.body)?.into_iter().take(points) {
            // One after the other in the file where they can be.
            for (number, page) in pages.into_iter().filter(|(number, _)| *number <= point.size) {
                self.write(number, page)?;
            }
            self.point = Some(point);
        }
        Ok(())
    }
}

/// Gives the file its size and syncs it; then it is looked through.
fn finish(image: Image, path: &Path) -> Result<Restored> {
    let Image { file, page_size, objects, point, .. } = image;
    let point = point.ok_or_else(|| damaged("a snapshot has no state"))?;
    let bytes = u64::from(point.size) * u64::from(page_size);
    file.set_len(bytes).and_then(|()| file.sync_all()).map_err(unwritable)?;
    drop(file);
    let contents = inspect(path)?;
    if contents.commits != point.commit {
        let message =
            format!("the file restored is of commit {}, the backup says {}", contents.commits, point.commit);
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    let time = Timestamp::from_millisecond(point.time)
        .map_err(|error| damaged("its time is none").because(error))?;
    Ok(Restored { commit: point.commit, time, objects, bytes, contents, replaced: None })
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the file cannot be restored: its folder cannot be written, or the disk is full",
    )
    .because(error)
}
