//! Where a request goes: its URL put together, and checked against the grants.
//!
//! The URL that is checked is the one that is sent, with its secrets filled in. Where it goes is text that the guest
//! wrote in full, so that no secret and no spelling decides it.

use std::net::IpAddr;

use ipnet::IpNet;
use patchbay_types::egress::HttpGrant;
use percent_encoding::percent_encode;
use url::{Host, Url};

use crate::{
    address::may_be_called,
    mask::UNRESERVED,
    request::{Failure, Method, Piece},
    secrets::Secrets,
};

/// The URL of these pieces, with their secrets and without a fragment.
///
/// # Errors
/// [`Failure::Denied`] when it is no plain `http` or `https` URL, or a secret may not go there;
/// [`Failure::Unreachable`] when a secret has no value now.
pub(crate) fn build(pieces: &[Piece], secrets: &Secrets) -> Result<Url, Failure> {
    let origin = origin(pieces)?;
    let (mut filled, mut shape) = (String::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
                    return denied(
                        "the URL holds white space, a control character or `\\`: percent-encode it",
                    );
                }
                filled.push_str(text);
                shape.push_str(text);
            }
            Piece::Secret(name) => {
                let value = secrets.value_for(name, &origin)?;
                filled.extend(percent_encode(value.expose(), UNRESERVED));
                shape.push('x');
            }
        }
    }
    let read =
        |text: &str| Url::parse(text).map_err(|error| Failure::Denied(format!("the URL is none: {error}")));
    let (mut url, shape) = (read(&filled)?, read(&shape)?);
    let same_place = url.origin() == origin.origin() && shape.origin() == origin.origin();
    // A secret `..` is not changed by percent-encoding, and would take a segment away.
    if !same_place || segments(&url) != segments(&shape) {
        return denied("a secret would change where the URL leads");
    }
    url.set_fragment(None);
    Ok(url)
}

/// Checks the URL against the grants; answers the addresses that it may be called at though they are not public.
///
/// # Errors
/// [`Failure::Denied`], which names the origin, the method, and what to grant.
pub(crate) fn check(url: &Url, method: Method, grants: &[HttpGrant]) -> Result<Vec<IpNet>, Failure> {
    let origin = url.origin().ascii_serialization();
    let here = || grants.iter().filter(|grant| grant.url.is_origin_of(url));
    if here().next().is_none() {
        return denied(format!("{origin} is not granted: name it under `grants.http`"));
    }
    let covering = || here().filter(|grant| grant.url.covers(url) && !climbs(url));
    if covering().next().is_none() {
        return denied(format!("the path is outside of what is granted at {origin}, or hides a separator"));
    }
    let allows = |grant: &&HttpGrant| {
        grant.methods.is_empty() || grant.methods.iter().any(|one| one == method.as_str())
    };
    if !covering().any(|grant| allows(&grant)) {
        return denied(format!("the method {} is not granted there, at {origin}", method.as_str()));
    }
    let mut addresses: Vec<IpNet> =
        covering().filter(allows).flat_map(|grant| grant.addresses.iter().copied()).collect();
    addresses.sort();
    addresses.dedup();
    // An address is given to no resolver, so it is checked here.
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => None,
    };
    if address.is_some_and(|address| !may_be_called(address, &addresses)) {
        return denied(format!("{origin} is not public, and the grant's `addresses` do not hold it"));
    }
    Ok(addresses)
}

/// Scheme, host and port: what stands before the path, and is text alone.
fn origin(pieces: &[Piece]) -> Result<Url, Failure> {
    let mut start = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => start.push_str(text),
            Piece::Secret(_) => break,
        }
    }
    let wrong =
        "the URL has to begin with `https://` or `http://`, a host, and `/`; none of that is a secret";
    let Some((scheme, rest)) = start.split_once("://") else { return denied(wrong) };
    let only_text = !pieces.iter().any(|piece| matches!(piece, Piece::Secret(_)));
    let authority = match rest.find(['/', '?', '#', '\\']) {
        Some(end) => rest.get(..end).unwrap_or_default(),
        None if only_text => rest,
        None => return denied(wrong),
    };
    if authority.contains('@') {
        return denied("a URL holds no user and no password: send a header instead");
    }
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '%';
    let known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    if !known || authority.is_empty() || authority.contains(odd) {
        return denied(wrong);
    }
    let url = Url::parse(&format!("{scheme}://{authority}/"))
        .map_err(|error| Failure::Denied(format!("the URL's host is none: {error}")))?;
    if matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)) | None)
        && url.host_str() != Some(host_of(authority))
    {
        return denied("write an address as 192.0.2.1 or [2001:db8::1], in no other form");
    }
    Ok(url)
}

/// The host as it is written, without a port.
fn host_of(authority: &str) -> &str {
    let end = match authority.find(']') {
        Some(bracket) => Some(bracket + 1),
        None => authority.find(':'),
    };
    end.and_then(|end| authority.get(..end)).unwrap_or(authority)
}

/// Some servers drop what follows a `;` in a segment before they look for `..`, and what stands before them may have
/// decoded it.
fn climbs(url: &Url) -> bool {
    let climbs = |segment: &str| {
        let rest = segment.strip_prefix("..").unwrap_or_default();
        rest.starts_with(';') || rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%3b"))
    };
    url.path_segments().is_some_and(|mut segments| segments.any(climbs))
}

fn segments(url: &Url) -> usize {
    url.path_segments().map_or(0, Iterator::count)
}

fn denied<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Denied(why.into()))
}

#[cfg(test)]
mod tests;
