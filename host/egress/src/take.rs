//! Parts of an answer that go to the host instead of the guest: a file's bytes, which a sandbox need not hold, and a new
//! secret, which it must not see.

use bytes::Bytes;
use serde_json::Value;

use crate::{
    files::Files,
    mask::Mask,
    request::{Destination, Failure, Response, Take},
};

/// Asked before anything is sent.
///
/// # Errors
/// [`Failure::Denied`], with what the files say, or when the whole body is taken and a part of it once more.
pub(crate) fn allowed(takes: &[Take], files: &dyn Files) -> Result<(), Failure> {
    for take in takes {
        if !take.at.is_empty() && !take.at.starts_with('/') {
            return Err(Failure::Denied(
                "`take.at` is a JSON Pointer: empty, or beginning with `/`".to_owned(),
            ));
        }
        if take.at.is_empty() && takes.len() > 1 {
            return Err(Failure::Denied("the whole body is taken, and a part of it once more".to_owned()));
        }
        files.may_take(&take.into).map_err(Failure::Denied)?;
    }
    Ok(())
}

/// Takes the secrets out of a 2xx answer; a part that is not there is left. Where one was, nothing stands, and `mask` hides
/// it in the rest. (Files were taken while the answer came.)
///
/// # Errors
/// With a sentence, when a part cannot be kept or is of the wrong form: then the guest gets no answer at all, since what
/// it would be given holds what it must not see.
pub(crate) async fn from(
    response: &mut Response,
    takes: &[Take],
    files: &dyn Files,
    mask: &mut Mask,
) -> Result<(), String> {
    if takes.is_empty() || !(200..300).contains(&response.status) {
        return Ok(());
    }
    if let [Take { at, into }] = takes
        && at.is_empty()
    {
        let body = std::mem::take(&mut response.body);
        return keep(body.into(), into, files, mask).await;
    }
    let mut json: Value =
        serde_json::from_slice(&response.body).map_err(|_| "the answer is no JSON to take from")?;
    for take in takes {
        let Some(part) = json.pointer_mut(&take.at) else { continue };
        let bytes = match part.take() {
            Value::Null => continue,
            Value::String(text) => text.into_bytes(),
            other => other.to_string().into_bytes(),
        };
        keep(bytes.into(), &take.into, files, mask).await?;
    }
    response.body = json.to_string().into_bytes();
    Ok(())
}

/// Puts it where it goes.
async fn keep(bytes: Bytes, into: &Destination, files: &dyn Files, mask: &mut Mask) -> Result<(), String> {
    let Destination::Secret(name) = into else { return Ok(()) };
    mask.add(&bytes);
    files.keep_secret(name, bytes).await
}
