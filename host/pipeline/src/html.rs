//! HTML of strangers, cut down to what Matrix allows (client-server API, "m.room.message msgtypes").

mod bomb;
pub(crate) mod mentions;
pub(crate) mod plain;
mod tokens;

use std::{collections::HashSet, sync::LazyLock};

use ammonia::Builder;

static MATRIX: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "del",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "p",
        "a",
        "ul",
        "ol",
        "sup",
        "sub",
        "li",
        "b",
        "i",
        "u",
        "strong",
        "em",
        "s",
        "code",
        "hr",
        "br",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "caption",
        "pre",
        "span",
        "img",
        "details",
        "summary",
    ];
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(tags))
        .add_tag_attributes("a", ["target", "href"])
        .add_tag_attributes("img", ["width", "height", "alt", "title", "src"])
        .add_tag_attributes("ol", ["start"])
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("span", ["data-mx-bg-color", "data-mx-color", "data-mx-spoiler", "data-mx-maths"])
        .add_tag_attributes("div", ["data-mx-maths"])
        .url_schemes(HashSet::from(["https", "http", "ftp", "mailto", "magnet", "mxc"]))
        .add_clean_content_tags(["script", "style", "mx-reply"])
        .link_rel(Some("noopener"));
    builder
});

/// More is not parsed: no event and no ticket has room for it.
const MOST: usize = 1 << 20;

/// The Matrix-allowed subset of `html`; scripts, styles and reply fallbacks go with their content. What is built to be slow
/// to parse comes out as its words alone.
#[must_use]
pub(crate) fn sanitised(html: &str) -> String {
    let html = html.get(..html.floor_char_boundary(MOST)).unwrap_or_default();
    if bomb::is_one(html) {
        return escaped(&bomb::words(html));
    }
    MATRIX.clean(html).to_string()
}

/// Words as HTML that says the same.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\u{a0}', "&nbsp;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matrix_allows_is_left() {
        assert_eq!(sanitised("<b onclick='x()'>a</b><script>b</script>"), "<b>a</b>");
        assert_eq!(sanitised("<a href='javascript:x'>a</a>"), "<a rel=\"noopener\">a</a>");
        assert_eq!(sanitised("<mx-reply>quote</mx-reply>text"), "text");
    }
}
