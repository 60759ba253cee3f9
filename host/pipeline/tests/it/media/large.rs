//! What a large file costs in memory: measured of this very process, with the homeserver and the CRM in it.

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    file_event,
    homeserver::LARGE,
    house,
    shown::{shown, told},
    ticket,
};

/// As much as it may cost.
const EXTRA: u64 = 20 << 20;

/// The file in Base64, in JSON.
pub(super) fn in_json() -> Response {
    // Three quarters of it: `AAAA` is three bytes.
    let piece = Bytes::from("AAAA".repeat(16 << 10));
    let pieces = (0..LARGE / (48 << 10)).map(move |_| piece.clone());
    let all = std::iter::once(Bytes::from("{\"result\":{\"datas\":\"")).chain(pieces);
    let all = all.chain(std::iter::once(Bytes::from("\"}}"))).map(Ok::<_, std::io::Error>);
    Body::from_stream(futures::stream::iter(all)).into_response()
}

/// The most memory that was in use since [`forget_peak`], in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() << 10
}

fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_mebibytes_pass_in_either_direction_in_less_than_twenty_of_memory() {
    let (mut house, homeserver, crm) = house("size = '200MiB'").await;
    let id = ticket(&mut house, "!a:h", "$1").await;
    // Once with a small one, so that what is only ever set up once is there.
    let small = homeserver.has("small", "x");
    house.send(&[file_event("$2", &small, "a.bin", &[json!({ "given": 0 })], &crm)]).await;
    house.settled().await;
    forget_peak();
    let before = peak();
    house.send(&[file_event("$3", "mxc://h/large", "a.bin", &[json!({ "given-base64": 0 })], &crm)]).await;
    house.settled().await;
    let out = peak() - before;
    let encoded = LARGE.div_ceil(3) * 4;
    assert_eq!(crm.posted()[1].0, Some(encoded.to_string()));
    assert!(out < EXTRA, "to the CRM: {} KiB", out >> 10);

    forget_peak();
    let before = peak();
    let at = "/result/datas";
    let errand = json!({ "url": [{ "text": format!("{}large", crm.url) }], "take": [[at, "base64-file"]] });
    let handle = json!({ "errand": errand, "at": at }).to_string();
    let files = json!([{ "handle": handle, "name": "a.bin", "mime": "application/octet-stream" }]);
    told(&house, json!([{ "id": "M-1", "ticket": id, "author": "anna", "files": files }])).await;
    let sent = shown(&house, &homeserver, 1).await;
    let back = peak() - before;
    assert_eq!(sent[0]["info"]["size"], LARGE / (48 << 10) * (48 << 10));
    assert!(back < EXTRA, "to Matrix: {} KiB", back >> 10);
    println!("extra memory for 100 MiB: {} KiB to the CRM, {} KiB to Matrix", out >> 10, back >> 10);
    house.stop().await;
}
