//! A lenient reader of HTML: tags, their attributes, and text with its entities resolved. What it reads was sanitised by
//! Odoo and will be by the host; it decides what is said, never what is safe.

/// A piece of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece<'a> {
    /// Words, decoded.
    Text(String),
    /// A tag, in lower case.
    Open(Tag<'a>),
    /// Its end, in lower case.
    Close(String),
}

/// A tag that opens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tag<'a> {
    /// In lower case.
    pub(crate) name: String,
    attributes: &'a str,
    /// `<br/>`.
    pub(crate) closed: bool,
}

/// Reads piece by piece.
pub(crate) struct Reader<'a> {
    rest: &'a str,
    /// What ends the text that is being read raw.
    raw: Option<String>,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(crate) fn of(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    /// Cuts off what stands before `at`.
    fn until(&mut self, at: usize) -> &'a str {
        let (before, rest) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
        self.rest = rest;
        before
    }

    fn tag(&mut self) -> Option<Piece<'a>> {
        let inside = self.rest.strip_prefix('<')?;
        if inside.starts_with("!--") {
            let end = self.rest.find("-->").map_or(self.rest.len(), |at| at + 3);
            self.until(end);
            return Some(Piece::Text(String::new()));
        }
        let first = inside.chars().next()?;
        if !(first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?')) {
            return None;
        }
        let end = end_of_tag(self.rest)?;
        let whole = self.until(end + 1);
        let inside = whole.trim_start_matches('<').trim_end_matches('>');
        if let Some(name) = inside.strip_prefix('/') {
            return Some(Piece::Close(name.trim().to_ascii_lowercase()));
        }
        if inside.starts_with(['!', '?']) {
            return Some(Piece::Text(String::new()));
        }
        let closed = inside.ends_with('/');
        let inside = inside.trim_end_matches('/');
        let cut = inside.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(inside.len());
        let (name, attributes) = inside.split_at_checked(cut).unwrap_or((inside, ""));
        let name = name.to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style" | "head" | "title" | "iframe" | "noscript") && !closed {
            self.raw = Some(name.clone());
        }
        Some(Piece::Open(Tag { name, attributes, closed }))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(name) = self.raw.take() {
            let end = self.rest.to_ascii_lowercase().find(&format!("</{name}")).unwrap_or(self.rest.len());
            self.until(end);
        }
        if self.rest.is_empty() {
            return None;
        }
        if let Some(piece) = self.tag() {
            return Some(piece);
        }
        // A `<` that begins no tag is text.
        let end =
            self.rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(self.rest.len(), |(at, _)| at);
        Some(Piece::Text(decoded(self.until(end))))
    }
}

// === impl Tag ===

impl Tag<'_> {
    /// An attribute's value, decoded.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes.trim_start();
        while !rest.is_empty() {
            let cut = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
            let (name, after) = rest.split_at_checked(cut)?;
            let after = after.trim_start();
            let (value, next) = match after.strip_prefix('=') {
                None => ("", after),
                Some(value) => quoted(value.trim_start()),
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decoded(value));
            }
            // A stray `=` or quote must not hold us up.
            rest = if next.len() < rest.len() { next.trim_start() } else { "" };
        }
        None
    }

    /// Whether it has the attribute at all.
    pub(crate) fn has(&self, wanted: &str) -> bool {
        self.attribute(wanted).is_some()
    }

    /// Whether it is of this class.
    pub(crate) fn is_of(&self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|classes| classes.split_ascii_whitespace().any(|one| one == class))
    }
}

fn quoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    let cut = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    text.split_at_checked(cut).unwrap_or((text, ""))
}

/// Where the tag ends that `text` begins with; a `>` in quotes is none.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') if text.get(..at)?.ends_with('=') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// With its entities resolved; what is none stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.char_indices().take(12).find(|(_, c)| *c == ';').map(|(at, _)| at);
        let entity = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        match entity.and_then(|(name, next)| Some((resolved(name)?, next))) {
            Some((c, next)) => {
                out.push(c);
                rest = next;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn resolved(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "copy" => '©',
        "reg" => '®',
        "euro" => '€',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "laquo" => '«',
        "raquo" => '»',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "bull" => '•',
        "middot" => '·',
        "times" => '×',
        "deg" => '°',
        "rarr" => '→',
        "larr" => '←',
        _ => return None,
    })
}

/// As text inside HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Odoo's database takes none.
            '\0' => {}
            c => out.push(c),
        }
    }
    out
}
