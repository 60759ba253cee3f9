//! A webhook as it is stored: what stands before its body as JSON, then the body as it came. (As JSON alone each byte of
//! the body would be a number.) A row written by one release is read by the next.

use patchbay_plugin::webhooks::Webhook;

/// The first form: this byte, the length of the JSON in four bytes (little-endian), the JSON, the body.
const FIRST: u8 = 1;

/// The webhook's stored form.
pub(crate) fn pack(webhook: &Webhook) -> Vec<u8> {
    let Webhook { method, url, headers, body } = webhook;
    let head =
        Webhook { method: method.clone(), url: url.clone(), headers: headers.clone(), body: Vec::new() };
    // Texts alone, which always serialise.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&[FIRST], &length[..], &head, body].concat()
}

/// Reads what [`pack`] made, and what is JSON alone.
///
/// # Errors
/// With a sentence, where it is neither.
pub(crate) fn read(stored: &[u8]) -> Result<Webhook, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("its stored form cannot be read: {error}");
    let Some((&FIRST, rest)) = stored.split_first() else {
        return serde_json::from_slice(stored).map_err(|error| unreadable(&error));
    };
    let head = rest
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?));
    let Some((head, body)) = head else { return Err(unreadable(&"it is cut off")) };
    let head: Webhook = serde_json::from_slice(head).map_err(|error| unreadable(&error))?;
    Ok(Webhook { body: body.to_vec(), ..head })
}

#[cfg(test)]
mod tests {
    use patchbay_plugin::types::Header;

    use super::*;

    #[test]
    fn what_is_packed_reads_back_byte_by_byte_and_so_does_plain_json() {
        let headers = vec![Header { name: "x-a".into(), value: "ä\"".into() }];
        let (method, url) = ("POST".to_owned(), "https://h/x?y".to_owned());
        let webhook = Webhook { method, url, headers, body: (0..=255).collect() };
        let packed = pack(&webhook);
        assert_eq!(read(&packed).unwrap(), webhook);
        assert_eq!(read(&serde_json::to_vec(&webhook).unwrap()).unwrap(), webhook);
        for damaged in [&packed[..3], &packed[..20], b"", b"\x01\xff\xff\xff\xff{}", b"\x02"] {
            assert!(read(damaged).is_err(), "{damaged:?}");
        }
    }
}
