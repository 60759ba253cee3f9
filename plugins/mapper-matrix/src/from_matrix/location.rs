//! Places: a `geo:` URI (RFC 5870), in a message or in the beacon of somebody who shares where they are.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use super::other;
use crate::lenient::{content, lenient};

#[derive(Default, Deserialize)]
struct Beacon {
    #[serde(default, rename = "m.location", deserialize_with = "lenient")]
    location: Option<Place>,
    #[serde(default, rename = "org.matrix.msc3488.location", deserialize_with = "lenient")]
    unstable_location: Option<Place>,
}

#[derive(Default, Deserialize)]
struct Place {
    #[serde(default, deserialize_with = "lenient")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    description: Option<String>,
}

pub(super) fn is_beacon(event_type: &str) -> bool {
    matches!(event_type, "m.beacon" | "org.matrix.msc3672.beacon")
}

pub(super) fn beacon(event: &Event) -> Result<Content, String> {
    let beacon: Beacon = content(&event.content);
    let place = beacon.location.or(beacon.unstable_location).ok_or("a beacon that says no place")?;
    Ok(match place.uri.as_deref().and_then(parse) {
        Some((latitude, longitude)) => {
            Content::Location(Location { latitude, longitude, label: place.description })
        }
        None => Content::Other(other(event, place.description)),
    })
}

/// Latitude and longitude; altitude and parameters are left out.
pub(super) fn parse(uri: &str) -> Option<(f64, f64)> {
    let mut numbers = uri.strip_prefix("geo:")?.split(';').next()?.split(',').map(str::parse::<f64>);
    let (latitude, longitude) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude))
        .then_some((latitude, longitude))
}
