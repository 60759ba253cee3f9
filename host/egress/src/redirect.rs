//! Where an answer sends on to.

use http::{HeaderMap, StatusCode, header::LOCATION};
use url::Url;

use crate::request::Failure;

/// The most redirects of one request.
pub(crate) const MOST: usize = 5;

/// The next URL, not yet checked against any grant; none: this is the answer.
///
/// # Errors
/// [`Failure::Denied`] when it leads from `https` to `http`, to no `http` at all, or carries a user.
pub(crate) fn next(status: StatusCode, headers: &HeaderMap, from: &Url) -> Result<Option<Url>, Failure> {
    let sends_on = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let (true, Some(location)) = (sends_on, location) else { return Ok(None) };
    let denied =
        |why: &str| Err(Failure::Denied(format!("{} redirects {why}", from.origin().ascii_serialization())));
    let Ok(mut url) = from.join(location) else { return denied("to what is no URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return denied("to what is neither http nor https");
    }
    if from.scheme() == "https" && url.scheme() == "http" {
        return denied("from https to http");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return denied("to a URL with a user in it");
    }
    url.set_fragment(None);
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(status: u16, location: &str) -> Result<Option<String>, Failure> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        let from = "https://a.example/x/y?z".parse().unwrap();
        next(StatusCode::from_u16(status).unwrap(), &headers, &from).map(|url| url.map(String::from))
    }

    #[test]
    fn a_location_is_read_as_a_browser_reads_it() {
        assert_eq!(follow(302, "b#c"), Ok(Some("https://a.example/x/b".to_owned())));
        assert_eq!(follow(307, "/b?c"), Ok(Some("https://a.example/b?c".to_owned())));
        assert_eq!(follow(308, "//b.example/"), Ok(Some("https://b.example/".to_owned())));
        for answer in [200, 201, 300, 304, 305, 306, 399, 404] {
            assert_eq!(follow(answer, "/b"), Ok(None), "{answer}");
        }
    }

    #[test]
    fn https_never_falls_to_http_and_nothing_leaves_http() {
        for bad in [
            "http://a.example/",
            "ftp://a.example/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "https://",
            "https://u:pw@a.example/",
        ] {
            let failure = follow(301, bad).unwrap_err();
            assert!(
                matches!(&failure, Failure::Denied(why) if why.contains("https://a.example redirects") && !why.contains("pw")),
                "{failure}"
            );
        }
    }
}
