//! Files on their way, where they cannot stream through at once: on disk, without a name, so that nothing of them is left
//! however the host ends.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, FileExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use patchbay_egress::Opened;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

/// Files that lie here at once.
const FILES: usize = 64;
/// How long one waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that are read, and gathered to be written, at once.
const PIECE: usize = 64 << 10;

/// The directory. Clones share it.
#[derive(Debug, Clone)]
pub struct Spool {
    dir: Arc<PathBuf>,
    places: Arc<Semaphore>,
}

/// A file that is being written.
pub(crate) struct Writing {
    file: Arc<fs::File>,
    gathered: Vec<u8>,
    length: u64,
    place: OwnedSemaphorePermit,
}

/// A file that is whole. Gone with its last handle.
#[derive(Debug, Clone)]
pub(crate) struct Spooled {
    file: Arc<fs::File>,
    length: u64,
    _place: Arc<OwnedSemaphorePermit>,
}

// === impl Spool ===

impl Spool {
    /// The directory `media` below the host's data; what another run may have left there is removed.
    ///
    /// # Errors
    /// When it cannot be made or emptied.
    pub fn open(data: &Path) -> io::Result<Self> {
        let dir = data.join("media");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        for left in fs::read_dir(&dir)? {
            // A file has a name here for a moment at most, on systems that cannot make one without.
            fs::remove_file(left?.path())?;
        }
        Ok(Self { dir: Arc::new(dir), places: Arc::new(Semaphore::new(FILES)) })
    }

    /// A new file.
    ///
    /// # Errors
    /// When there are too many, or the disk takes none.
    pub(crate) async fn begin(&self) -> io::Result<Writing> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| io::Error::other("too many files are under way"))?;
        let place = place.map_err(io::Error::other)?;
        let dir = Arc::clone(&self.dir);
        let file = blocking(move || tempfile::tempfile_in(&*dir)).await?;
        Ok(Writing { file: Arc::new(file), gathered: Vec::new(), length: 0, place })
    }
}

// === impl Writing ===

impl Writing {
    /// So many bytes so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// # Errors
    /// When the disk does not take it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < PIECE { Ok(()) } else { self.flush().await }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let (file, bytes) = (Arc::clone(&self.file), std::mem::take(&mut self.gathered));
        blocking(move || (&*file).write_all(&bytes)).await
    }

    /// # Errors
    /// When the disk does not take the rest of it.
    pub(crate) async fn finish(mut self) -> io::Result<Spooled> {
        self.flush().await?;
        Ok(Spooled { file: self.file, length: self.length, _place: Arc::new(self.place) })
    }
}

// === impl Spooled ===

impl Spooled {
    /// All its bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// From its beginning; as often as anybody likes, at the same time too.
    pub(crate) fn open(&self) -> Opened {
        let bytes = futures::stream::unfold((self.clone(), 0), |(spooled, at)| async move {
            let file = Arc::clone(&spooled.file);
            let read = blocking(move || {
                let mut piece = vec![0; PIECE];
                let count = file.read_at(&mut piece, at)?;
                piece.truncate(count);
                Ok(piece)
            });
            match read.await {
                Ok(piece) if piece.is_empty() => None,
                Ok(piece) => {
                    let next = at + piece.len() as u64;
                    Some((Ok(piece.into()), (spooled, next)))
                }
                Err(error) => {
                    let end = spooled.length;
                    Some((Err(error), (spooled, end)))
                }
            }
        });
        Opened { length: self.length, bytes: Box::pin(bytes) }
    }

    /// Its first bytes.
    ///
    /// # Errors
    /// When the disk does not give them.
    pub(crate) async fn beginning(&self) -> io::Result<Vec<u8>> {
        let file = Arc::clone(&self.file);
        blocking(move || {
            let mut piece = vec![0; 32];
            let count = file.read_at(&mut piece, 0)?;
            piece.truncate(count);
            Ok(piece)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_file_is_read_as_it_was_written_and_leaves_nothing_behind() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("media")).unwrap();
        fs::write(data.path().join("media/left"), "by a crash").unwrap();
        let spool = Spool::open(data.path()).unwrap();
        let left = || fs::read_dir(data.path().join("media")).unwrap().count();
        assert_eq!(left(), 0);
        let bytes: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        let mut writing = spool.begin().await.unwrap();
        for piece in bytes.chunks(1000) {
            writing.write(piece).await.unwrap();
        }
        let spooled = writing.finish().await.unwrap();
        for _ in 0..2 {
            let Opened { length, bytes: pieces } = spooled.open();
            let read: Vec<u8> = pieces.map(Result::unwrap).collect::<Vec<_>>().await.concat();
            assert_eq!((length, read == bytes), (bytes.len() as u64, true));
        }
        assert_eq!(left(), 0, "it has no name");
        drop(spooled);
        assert_eq!(spool.places.available_permits(), FILES);
    }
}
