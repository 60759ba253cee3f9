//! Sentences as customers write them, in several scripts and lengths; some of them match common routing rules.

use rand::{Rng, rngs::SmallRng};

use crate::cast::pick;

const SENTENCES: [&str; 16] = [
    "Hello, is anybody there?",
    "My order 48213 has not arrived yet, can you tell me where it is?",
    "I would like a refund, please. The shoes are two sizes too small and the box was open when it came.",
    "Дякую, все працює!",
    "ok",
    "Can somebody call me back today after four? I am in a meeting until then.",
    "The invoice names the wrong company. We moved in March; the new address is on the website.",
    "Wie lange dauert die Lieferung nach Österreich, und was kostet sie?",
    "It says \\\"payment failed\\\" each time, with two different cards.",
    "thank you so much 🙏",
    "Is the blue one back in stock?",
    "请问你们周末营业吗？",
    "URGENT: our shop is down since this morning and nobody answers the phone number on your page!",
    "I have sent the photos. The crack is on the left side, near the hinge; it was there when I opened the parcel.",
    "Yes",
    "No, the other one: the contract that we signed in spring, with the yearly payment and the two months for free.",
];

/// One or two sentences, already fit to stand inside a JSON string.
pub(super) fn say(rng: &mut SmallRng) -> String {
    let first = pick(rng, &SENTENCES).copied().unwrap_or_default();
    if rng.random_range(0..4) > 0 {
        return first.to_owned();
    }
    format!("{first} {}", pick(rng, &SENTENCES).copied().unwrap_or_default())
}

/// An emoji to react with.
pub(super) fn emoji(rng: &mut SmallRng) -> &'static str {
    pick(rng, &["👍", "❤️", "😂", "🎉", "🙏"]).copied().unwrap_or("👍")
}
