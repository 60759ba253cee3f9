//! Why a file is not where it should be, in words for whoever looks for it.

use patchbay_plugin::types::Attachment;
use patchbay_types::media::MediaConfig;
use serde::{Deserialize, Serialize};

/// A file that does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Withheld {
    /// Its handle.
    pub(crate) handle: String,
    pub(crate) why: Why,
}

/// What keeps a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// It is encrypted.
    Encrypted,
    /// Its server does not have it.
    Missing,
    /// It will never be had, or taken, on one of the two sides.
    Refused,
    /// It has so many bytes, or more.
    TooLarge(u64),
    /// The homeserver takes none that is so large.
    TooLargeThere,
    /// There are too many of them.
    TooMany,
    /// The tenant does not want such files.
    NotAllowed,
    /// It is no file that could be had.
    NoFile,
}

// === impl Why ===

impl Why {
    /// Whether somebody may still want to look at it by a link.
    pub(super) fn has_link(&self) -> bool {
        matches!(self, Self::TooLarge(_) | Self::TooMany)
    }

    fn sentence(&self, media: &MediaConfig) -> String {
        match self {
            Self::Encrypted => "it is encrypted, and cannot be read here".to_owned(),
            Self::Missing => "its server does not have it any more".to_owned(),
            Self::Refused => "it could not be passed on".to_owned(),
            Self::TooLarge(_) => format!("files of more than {} are not passed on", size(media.size.0)),
            Self::TooLargeThere => "it is larger than the chat's server takes".to_owned(),
            Self::TooMany => format!("no more than {} files of a message are passed on", media.files),
            Self::NotAllowed => "files of this kind are not passed on".to_owned(),
            Self::NoFile => "it cannot be found".to_owned(),
        }
    }

    /// A line that names the file, as text.
    pub(super) fn line(&self, file: &Attachment, media: &MediaConfig, link: Option<&str>) -> String {
        let known = match self {
            Self::TooLarge(bytes) => Some(*bytes),
            _ => file.size,
        };
        let known = known.map(|bytes| format!(" ({})", size(bytes))).unwrap_or_default();
        let line = format!("[File: {}{known}. Not here, since {}]", file.file_name, self.sentence(media));
        match link {
            Some(link) => format!("{line} {link}"),
            None => line,
        }
    }
}

/// As people write it.
fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        let one = 1u64 << shift;
        if bytes >= one {
            let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(one));
            return if tenths % 10 == 0 {
                format!("{} {unit}", tenths / 10)
            } else {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            };
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them_and_never_as_less() {
        let said = [0, 1023, 1024, 50 << 20, (50 << 20) + 1, 1 << 40].map(size);
        assert_eq!(said, ["0 bytes", "1023 bytes", "1 KiB", "50 MiB", "50.1 MiB", "1024 GiB"]);
    }
}
