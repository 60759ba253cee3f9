//! JSON as it comes, in pieces of any size: what stands at one of some pointers goes one way while it comes, all the rest
//! another. It looks at no more than quotes and brackets; whether the rest is JSON at all is for a parser to say.

use std::mem;

/// Levels that a document may have, as parsers bound them.
const DEPTH: usize = 128;
/// A longer key is none that anybody asks for.
const KEY: usize = 1 << 10;

/// What stands at the pointers, and what does not.
pub(super) struct Scan {
    /// Each pointer's own parts.
    wanted: Vec<Vec<String>>,
    levels: Vec<Level>,
    within: Within,
}

enum Level {
    /// The key whose value comes or came; none before the first, and where it is too long.
    Object {
        key: Option<String>,
        key_next: bool,
    },
    Array {
        index: usize,
    },
}

/// Where in the document the next byte is.
enum Within {
    Nothing,
    Key {
        raw: Vec<u8>,
        escaped: bool,
    },
    Text {
        escaped: bool,
    },
    /// The string at a pointer, and an escape of it that is not whole yet.
    Wanted {
        escape: Vec<u8>,
    },
}

/// A piece of the document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it came.
    Rest(&'a [u8]),
    /// The string at the pointer of this number begins.
    Begins(usize),
    /// Some of it, as it came.
    Plain(&'a [u8]),
    /// Some of it, that was an escape.
    Escaped(String),
    /// It ends.
    Ends,
}

// === impl Scan ===

impl Scan {
    pub(super) fn new<'a>(pointers: impl Iterator<Item = &'a str>) -> Self {
        let parts = |pointer: &str| {
            pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
        };
        Self { wanted: pointers.map(parts).collect(), levels: Vec::new(), within: Within::Nothing }
    }

    /// The next piece of `bytes`, which are left without it.
    ///
    /// # Errors
    /// With a sentence, when this is no JSON.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Piece<'a>, &'static str> {
        let all = *bytes;
        if let Within::Wanted { escape } = &mut self.within {
            return wanted(escape, bytes).map(|piece| {
                if piece == Piece::Ends {
                    self.within = Within::Nothing;
                }
                piece
            });
        }
        let mut read = 0;
        for byte in all {
            if let Some(number) = self.step(*byte)? {
                if read > 0 {
                    // What stands before it goes first; this byte is looked at again.
                    self.within = Within::Nothing;
                    break;
                }
                *bytes = all.get(1..).unwrap_or_default();
                return Ok(Piece::Begins(number));
            }
            read += 1;
        }
        let (rest, left) = all.split_at(read);
        *bytes = left;
        Ok(Piece::Rest(rest))
    }

    /// One byte; answers the number of the pointer whose string it begins.
    fn step(&mut self, byte: u8) -> Result<Option<usize>, &'static str> {
        match &mut self.within {
            Within::Nothing => return self.between(byte),
            Within::Key { raw, escaped } => {
                let ends = byte == b'"' && !*escaped;
                *escaped = byte == b'\\' && !*escaped;
                if ends {
                    let text = [b"\"", raw.as_slice(), b"\""].concat();
                    let named = if raw.len() > KEY { None } else { serde_json::from_slice(&text).ok() };
                    if let Some(Level::Object { key, .. }) = self.levels.last_mut() {
                        *key = named;
                    }
                    self.within = Within::Nothing;
                } else if raw.len() <= KEY {
                    raw.push(byte);
                }
            }
            Within::Text { escaped } => {
                let ends = byte == b'"' && !*escaped;
                *escaped = byte == b'\\' && !*escaped;
                if ends {
                    self.within = Within::Nothing;
                }
            }
            Within::Wanted { .. } => {}
        }
        Ok(None)
    }

    fn between(&mut self, byte: u8) -> Result<Option<usize>, &'static str> {
        match byte {
            b'{' | b'[' if self.levels.len() >= DEPTH => return Err("the answer is nested too deeply"),
            b'{' => self.levels.push(Level::Object { key: None, key_next: true }),
            b'[' => self.levels.push(Level::Array { index: 0 }),
            b'}' | b']' => drop(self.levels.pop()),
            b',' => match self.levels.last_mut() {
                Some(Level::Object { key_next, .. }) => *key_next = true,
                Some(Level::Array { index }) => *index += 1,
                None => {}
            },
            b':' => {
                if let Some(Level::Object { key_next, .. }) = self.levels.last_mut() {
                    *key_next = false;
                }
            }
            b'"' if matches!(self.levels.last(), Some(Level::Object { key_next: true, .. })) => {
                self.within = Within::Key { raw: Vec::new(), escaped: false };
            }
            b'"' => {
                let found = self.wanted.iter().position(|parts| self.is_at(parts));
                self.within = match found {
                    Some(_) => Within::Wanted { escape: Vec::new() },
                    None => Within::Text { escaped: false },
                };
                return Ok(found);
            }
            _ => {}
        }
        Ok(None)
    }

    fn is_at(&self, parts: &[String]) -> bool {
        let named = |(level, part): (&Level, &String)| match level {
            Level::Object { key, .. } => key.as_ref() == Some(part),
            Level::Array { index } => index.to_string() == *part,
        };
        self.levels.len() == parts.len() && self.levels.iter().zip(parts).all(named)
    }

    /// Whether the document is over.
    pub(super) fn is_whole(&self) -> bool {
        self.levels.is_empty() && matches!(self.within, Within::Nothing)
    }
}

/// The next piece of a string that is wanted.
fn wanted<'a>(escape: &mut Vec<u8>, bytes: &mut &'a [u8]) -> Result<Piece<'a>, &'static str> {
    const BROKEN: &str = "the answer has a string that is none";
    if escape.is_empty() {
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let plain = bytes.iter().position(ends).unwrap_or(bytes.len());
        if plain > 0 {
            let (plain, left) = bytes.split_at(plain);
            *bytes = left;
            return Ok(Piece::Plain(plain));
        }
    }
    while let Some((byte, left)) = bytes.split_first() {
        match byte {
            b'"' if escape.is_empty() => {
                *bytes = left;
                return Ok(Piece::Ends);
            }
            0..0x20 => return Err(BROKEN),
            _ => {}
        }
        *bytes = left;
        escape.push(*byte);
        if is_whole(escape) {
            let text = [b"\"", mem::take(escape).as_slice(), b"\""].concat();
            return serde_json::from_slice(&text).map(Piece::Escaped).map_err(|_| BROKEN);
        }
    }
    Ok(Piece::Rest(&[]))
}

/// Whether an escape has all its characters: two, six, or twelve where the first six are half of a character.
fn is_whole(escape: &[u8]) -> bool {
    match escape {
        [_, b'u', rest @ ..] => {
            let half = matches!(rest, [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]);
            rest.len() >= if half { 10 } else { 4 }
        }
        [_, _, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands at the pointers, and the rest, of a document that comes in pieces.
    fn scanned(pointers: &[&str], pieces: &[&[u8]]) -> Result<(Vec<(usize, String)>, String), &'static str> {
        let mut scan = Scan::new(pointers.iter().copied());
        let (mut found, mut rest) = (Vec::<(usize, Vec<u8>)>::new(), Vec::new());
        for piece in pieces {
            let mut bytes = *piece;
            while !bytes.is_empty() {
                match scan.next(&mut bytes)? {
                    Piece::Rest(more) => rest.extend_from_slice(more),
                    Piece::Begins(number) => found.push((number, Vec::new())),
                    Piece::Plain(more) => found.last_mut().unwrap().1.extend_from_slice(more),
                    Piece::Escaped(more) => found.last_mut().unwrap().1.extend_from_slice(more.as_bytes()),
                    Piece::Ends => rest.extend_from_slice(b"0"),
                }
            }
        }
        assert!(scan.is_whole());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ok((found.into_iter().map(|(number, bytes)| (number, text(bytes))).collect(), text(rest)))
    }

    #[test]
    fn what_a_pointer_means_is_found_wherever_the_document_is_cut() {
        let document = r#" {"a":"no","l":["x",{"a/b":"q\"\\\/\u00e9\ud83d\ude00\nz"},"y"],"a~":{"a":"deep"},"\u0061b":"k"} "#;
        let wanted = ["/l/1/a~1b", "/a~0/a", "/ab", "/l/7"];
        let expected = serde_json::from_str::<serde_json::Value>(document).unwrap();
        let expected: Vec<_> = [0, 1, 2]
            .map(|n| (n, expected.pointer(wanted[n]).unwrap().as_str().unwrap().to_owned()))
            .to_vec();
        let rest = r#" {"a":"no","l":["x",{"a/b":0},"y"],"a~":{"a":0},"\u0061b":0} "#;
        for cut in 0..=document.len() {
            for second in [cut, (cut + 1).min(document.len()), (cut + 7).min(document.len())] {
                let bytes = document.as_bytes();
                let pieces = [&bytes[..cut], &bytes[cut..second], &bytes[second..]];
                let found = scanned(&wanted, &pieces).unwrap();
                assert_eq!(found, (expected.clone(), rest.to_owned()), "{cut} {second}");
            }
        }
        let single: Vec<&[u8]> = document.as_bytes().chunks(1).collect();
        assert_eq!(scanned(&wanted, &single).unwrap().0, expected);
    }

    #[test]
    fn what_is_no_string_stays_where_it_is() {
        let document = br#"{"a":false,"b":{"a":"in"},"c":[1,2]}"#;
        let (found, rest) = scanned(&["/a", "/b", "/c"], &[document]).unwrap();
        assert_eq!((found.len(), rest.as_bytes()), (0, document.as_slice()));
    }

    #[test]
    fn what_is_no_json_ends_in_an_error_and_not_in_memory() {
        for bad in ["{\"a\":\"x\ny\"}", r#"{"a":"\q"}"#, r#"{"a":"\ud83dx12345678"}"#] {
            assert!(scanned(&["/a"], &[bad.as_bytes()]).is_err(), "{bad}");
        }
        assert!(scanned(&["/a"], &["[".repeat(1000).as_bytes()]).is_err());
        let long = format!(r#"{{"{}":1,"a":"x"}}"#, "k".repeat(1 << 16));
        assert_eq!(scanned(&["/a"], &[long.as_bytes()]).unwrap().0, [(0, "x".to_owned())]);
    }
}
