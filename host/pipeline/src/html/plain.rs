//! HTML as plain text that reads as it would look: a line for a line, markers for lists, `>` before what is quoted, a link's
//! address behind its words.

use super::tokens::{Kind, attribute, tokens};

/// Deeper quotes and lists look no deeper.
const DEEPEST: usize = 8;

/// The words of HTML that [`super::sanitised`] wrote.
#[must_use]
pub(crate) fn plain(html: &str) -> String {
    let mut page = Page::default();
    for token in tokens(html) {
        match token.kind {
            Kind::Text(words) => page.text(&words),
            Kind::Start(name, attributes) => page.start(name, attributes),
            Kind::End(name) => page.end(name),
        }
    }
    page.done()
}

/// Whether there is nothing to it but paragraphs and lines: then its words say all.
#[must_use]
pub(crate) fn is_bare(html: &str) -> bool {
    tokens(html).all(|token| match token.kind {
        Kind::Text(_) => true,
        Kind::Start(name, attributes) => {
            matches!(name, "p" | "br" | "div" | "span") && attributes.trim().is_empty()
        }
        Kind::End(name) => matches!(name, "p" | "div" | "span"),
    })
}

/// What is written so far.
#[derive(Default)]
struct Page {
    out: String,
    /// Line breaks and a space that are owed: written only before something.
    lines: usize,
    space: bool,
    quotes: usize,
    /// How deep the last line was quoted.
    quoted: usize,
    /// The lists that are open: how far each has counted, where it counts.
    lists: Vec<Option<u64>>,
    pre: usize,
    /// Links that are open, and where their words begin.
    links: Vec<(String, usize)>,
    /// Cells in this row so far.
    cells: usize,
}

// === impl Page ===

impl Page {
    fn text(&mut self, words: &str) {
        if self.pre > 0 {
            for (n, line) in words.split('\n').enumerate() {
                if n > 0 {
                    self.lines += 1;
                }
                self.write(line);
            }
            return;
        }
        if words.starts_with(is_space) {
            self.space = true;
        }
        for (n, word) in words.split(is_space).filter(|word| !word.is_empty()).enumerate() {
            self.space |= n > 0;
            self.write(word);
        }
        if words.ends_with(is_space) && !words.trim_matches(is_space).is_empty() {
            self.space = true;
        }
    }

    fn start(&mut self, name: &str, attributes: &str) {
        match name {
            "br" => self.lines += 1,
            "hr" => {
                self.owe(1);
                self.write("---");
                self.owe(1);
            }
            "img" => {
                let alt = attribute(attributes, "alt").or_else(|| attribute(attributes, "title"));
                self.text(alt.unwrap_or_default().trim());
            }
            "a" => {
                let href = attribute(attributes, "href").unwrap_or_default();
                let space = usize::from(self.space && !self.out.is_empty());
                self.links.push((href, self.out.len() + space));
            }
            "ul" | "ol" => {
                self.owe(if self.lists.is_empty() { 2 } else { 1 });
                let first = attribute(attributes, "start").and_then(|start| start.parse().ok()).unwrap_or(1);
                self.lists.push((name == "ol").then_some(first));
            }
            "li" => self.item(),
            "blockquote" => {
                self.owe(2);
                self.quotes += 1;
            }
            "pre" => {
                self.owe(2);
                self.pre += 1;
            }
            "tr" => {
                self.owe(1);
                self.cells = 0;
            }
            "td" | "th" => {
                if self.cells > 0 {
                    self.space = true;
                    self.write("|");
                    self.space = true;
                }
                self.cells += 1;
            }
            _ => self.owe(apart(name)),
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "a" => {
                let Some((href, from)) = self.links.pop() else { return };
                let words = self.out.get(from..).unwrap_or_default().trim().to_owned();
                if let Some(address) = address(&href, &words) {
                    if words.is_empty() {
                        self.write(address);
                    } else {
                        self.space = true;
                        self.write(&format!("({address})"));
                    }
                }
            }
            "ul" | "ol" => {
                self.lists.pop();
                self.owe(if self.lists.is_empty() { 2 } else { 1 });
            }
            "blockquote" => {
                self.owe(2);
                // What is owed is written before what follows, which is quoted no more.
                self.quotes = self.quotes.saturating_sub(1);
            }
            "pre" => {
                self.pre = self.pre.saturating_sub(1);
                self.owe(2);
            }
            "tr" | "li" => self.owe(1),
            _ => self.owe(apart(name)),
        }
    }

    fn item(&mut self) {
        self.owe(1);
        let depth = self.lists.len().clamp(1, DEEPEST) - 1;
        let marker = match self.lists.last_mut() {
            Some(Some(n)) => {
                let marker = format!("{n}.");
                *n = n.saturating_add(1);
                marker
            }
            _ => "-".to_owned(),
        };
        self.write(&format!("{}{marker}", "  ".repeat(depth)));
        self.space = true;
    }

    /// At least so many line breaks before whatever comes next.
    fn owe(&mut self, lines: usize) {
        self.lines = self.lines.max(lines);
    }

    fn write(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let quote = "> ".repeat(self.quotes.min(DEEPEST));
        if self.out.is_empty() {
            self.out.push_str(&quote);
        } else if self.lines > 0 {
            let kept = self.out.trim_end_matches([' ', '\t']).len();
            self.out.truncate(kept);
            if self.lines > 1 {
                // The empty line is part of a quote where both its neighbours are.
                self.out.push('\n');
                self.out.push_str(&">".repeat(self.quoted.min(self.quotes).min(DEEPEST)));
            }
            self.out.push('\n');
            self.out.push_str(&quote);
        } else if self.space {
            self.out.push(' ');
        }
        (self.lines, self.space, self.quoted) = (0, false, self.quotes);
        self.out.push_str(words);
    }

    fn done(self) -> String {
        self.out.trim_end().to_owned()
    }
}

/// How many line breaks stand around an element.
fn apart(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" => 2,
        "div" | "details" | "summary" | "caption" => 1,
        _ => 0,
    }
}

/// What a link leads to, where its words do not say so already.
fn address<'a>(href: &'a str, words: &str) -> Option<&'a str> {
    let address = href.strip_prefix("mailto:").unwrap_or(href);
    let short = |text: &str| {
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        text.trim_end_matches('/').to_owned()
    };
    (!address.is_empty() && short(address) != short(words)).then_some(address)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use super::{super::sanitised, *};

    fn of(html: &str) -> String {
        plain(&sanitised(html))
    }

    #[test]
    fn paragraphs_and_breaks_are_lines() {
        assert_eq!(of("<p>one\n  two</p><p>three<br>four</p>"), "one two\n\nthree\nfour");
        assert_eq!(of("<div>a</div><div>b</div>"), "a\nb");
        assert_eq!(of("<p></p><p><br></p> x"), "x");
        assert_eq!(of("<h1>T</h1>a <b>b</b><i>c</i> d"), "T\n\na bc d");
    }

    #[test]
    fn a_link_shows_where_it_leads_unless_its_words_do() {
        assert_eq!(of("see <a href='https://a.b/c'>this page</a>."), "see this page (https://a.b/c).");
        assert_eq!(of("<a href='https://a.b/'>a.b</a>"), "a.b");
        assert_eq!(of("<a href='mailto:x@y.z'>x@y.z</a>"), "x@y.z");
        assert_eq!(of("<a href='https://a.b'></a>"), "https://a.b");
        assert_eq!(of("<a href='javascript:x'>a</a>"), "a");
    }

    #[test]
    fn lists_have_markers_and_inner_ones_stand_further_in() {
        let html = "<p>all:</p><ul><li>a<ol start=3><li>b</li><li>c</li></ol></li><li>d</li></ul>e";
        assert_eq!(of(html), "all:\n\n- a\n  3. b\n  4. c\n- d\n\ne");
    }

    #[test]
    fn quotes_code_tables_and_pictures_stay_readable() {
        assert_eq!(of("a<blockquote><p>b</p><p>c</p></blockquote>d"), "a\n\n> b\n>\n> c\n\nd");
        assert_eq!(of("<pre><code>a\n  b\n</code></pre>c"), "a\n  b\n\nc");
        assert_eq!(
            of("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"),
            "a | b\n1 | 2"
        );
        assert_eq!(of("a <img alt='cat' src='mxc://a/b'> b"), "a cat b");
    }

    #[test]
    fn what_has_no_look_of_its_own_is_bare() {
        assert!(is_bare(&sanitised("<p>a<br>b</p><div>c</div>")));
        assert!(!is_bare(&sanitised("<p><b>a</b></p>")));
    }
}
