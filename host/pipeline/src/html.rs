//! HTML of strangers, cut down to what Matrix allows (client-server API, "m.room.message msgtypes").

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

/// The Matrix-allowed subset of `html`; scripts, styles and reply fallbacks go with their content.
#[must_use]
pub(crate) fn sanitised(html: &str) -> String {
    MATRIX.clean(html).to_string()
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
