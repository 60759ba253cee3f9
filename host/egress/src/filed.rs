//! An answer that has files in it: they go to their place while they come, however large, and the rest is what the guest
//! gets. Of neither is more in memory than the bound of an answer and a piece of a file.

mod saving;
mod scan;

use serde::de::IgnoredAny;

use self::{
    saving::Saving,
    scan::{Piece, Scan},
};
use crate::{
    answer::{self, Broken},
    files::Files,
    request::{Destination, Take},
};

/// Whether it takes a file.
pub(crate) fn is_file(take: &Take) -> bool {
    matches!(take.into, Destination::File | Destination::Base64File)
}

/// The body of a 2xx answer without the files that `takes` name; where one was, its handle stands. What is no string, such
/// as the `false` of an empty field, is left where it is.
///
/// # Errors
/// When it is larger than `bound` without the files, when a file is too large, when there is no JSON to take from, and
/// when a file cannot be kept.
pub(crate) async fn body(
    mut answer: reqwest::Response,
    takes: &[Take],
    files: &dyn Files,
    bound: u64,
) -> Result<Vec<u8>, Broken> {
    if answer::is_encoded(&answer) {
        return Err(Broken::Cut("the answer is in an encoding that was not asked for".to_owned()));
    }
    if let [take] = takes
        && take.at.is_empty()
    {
        let mut file = Saving::begin(files, &take.into).await?;
        while let Some(chunk) = answer::chunk(&mut answer).await? {
            file.write(&chunk).await?;
        }
        return Ok(file.finish().await?.into_bytes());
    }
    let mut scan = Scan::new(takes.iter().map(|take| take.at.as_str()));
    let (mut rest, mut file) = (Vec::new(), None);
    while let Some(chunk) = answer::chunk(&mut answer).await? {
        let mut bytes = &*chunk;
        while !bytes.is_empty() {
            match scan.next(&mut bytes).map_err(|why| Broken::Cut(why.to_owned()))? {
                Piece::Rest(more) => rest.extend_from_slice(more),
                Piece::Begins(number) => {
                    let into = takes.get(number).map_or(&Destination::File, |take| &take.into);
                    file = Some(Saving::begin(files, into).await?);
                }
                Piece::Plain(more) => write(&mut file, more).await?,
                Piece::Escaped(more) => write(&mut file, more.as_bytes()).await?,
                Piece::Ends => {
                    if let Some(file) = file.take() {
                        let handle = serde_json::Value::String(file.finish().await?);
                        rest.extend_from_slice(handle.to_string().as_bytes());
                    }
                }
            }
            if rest.len() as u64 > bound {
                return Err(Broken::TooLarge(bound));
            }
        }
    }
    // What looked like JSON to the scan need not be.
    if !scan.is_whole() || serde_json::from_slice::<IgnoredAny>(&rest).is_err() {
        return Err(Broken::Cut("the answer is no JSON to take from".to_owned()));
    }
    Ok(rest)
}

async fn write(file: &mut Option<Saving>, bytes: &[u8]) -> Result<(), Broken> {
    match file {
        Some(file) => file.write(bytes).await,
        None => Ok(()),
    }
}
