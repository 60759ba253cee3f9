//! Names that files may be saved under, whatever system they are saved on.

/// Bytes of a name, as most file systems have it.
const MOST: usize = 255;
/// An ending that is kept when a name is cut.
const ENDING: usize = 16;
/// Devices of Windows, which are so in every directory and with every ending.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name without directories, without what cannot be seen or turns the direction of writing, and no longer than a file
/// system takes; `file` where nothing is left of it.
pub(super) fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !is_hidden(*c)).map(shown).collect();
    // A leading dot hides a file, a leading dash makes it an option, and what ends in dots or blanks loses them.
    let plain = plain.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    let plain = cut(plain);
    let stem = plain.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    let port = |prefix: &str| {
        let number = stem.strip_prefix(prefix);
        number.is_some_and(|n| {
            matches!(n, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    match plain {
        plain if plain.is_empty() => "file".to_owned(),
        plain if RESERVED.contains(&stem.as_str()) || port("com") || port("lpt") => cut(&format!("_{plain}")),
        plain => plain,
    }
}

/// Controls, and what Unicode has for joining, hiding and for the direction of writing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What some system does not take in a name.
fn shown(c: char) -> char {
    if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c }
}

/// Not too long, with its ending.
fn cut(name: &str) -> String {
    if name.len() <= MOST {
        return name.to_owned();
    }
    let ending = name.rfind('.').map(|at| name.split_at(at).1).filter(|ending| ending.len() <= ENDING);
    let ending = ending.unwrap_or_default();
    let mut room = MOST - ending.len();
    while !name.is_char_boundary(room) {
        room -= 1;
    }
    format!("{}{ending}", name.split_at(room).0.trim_end_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_hides_nothing_and_keeps_its_ending() {
        for (name, wanted) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\a.txt", "a.txt"),
            (".bashrc", "bashrc"),
            ("...", "file"),
            ("", "file"),
            ("a/", "file"),
            ("-rf x.pdf", "rf x.pdf"),
            ("in\u{202e}gpj.exe", "ingpj.exe"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("a\u{200b}\u{2066}.pdf. .", "a.pdf"),
            ("what?.txt", "what_.txt"),
            ("CON", "_CON"),
            ("nul.tar.gz", "_nul.tar.gz"),
            ("Com1.txt", "_Com1.txt"),
            ("console.txt", "console.txt"),
            (
                "\u{43a}\u{432}\u{438}\u{442}\u{43e}\u{43a} \u{1f600}.pdf",
                "\u{43a}\u{432}\u{438}\u{442}\u{43e}\u{43a} \u{1f600}.pdf",
            ),
        ] {
            assert_eq!(safe(name), wanted, "{name:?}");
        }
    }

    #[test]
    fn a_name_fits_a_file_system_and_is_still_text() {
        for letter in ["x", "\u{e4}", "\u{1f600}"] {
            let cut = safe(&format!("{}.docx", letter.repeat(400)));
            assert!(cut.len() <= MOST && cut.ends_with(".docx") && cut.starts_with(letter), "{cut}");
            let endless = safe(&format!("a.{}", letter.repeat(400)));
            assert!(endless.len() <= MOST && endless.starts_with("a."), "{endless}");
        }
        assert!(safe(&format!("con.{}", "x".repeat(400))).len() <= MOST);
    }
}
