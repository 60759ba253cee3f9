//! The kinds of events, how often each comes, and what the target owes for it.

use rand::{Rng, rngs::SmallRng};
use serde::{Deserialize, Serialize};

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Plain text.
    Text,
    /// Text with HTML.
    Html,
    /// A picture.
    Image,
    /// An answer to an earlier message.
    Reply,
    /// Said in a thread.
    Thread,
    /// Other words for an earlier message of the same sender.
    Edit,
    /// An emoji on an earlier message.
    Reaction,
    /// An earlier message of the same sender taken back.
    Redaction,
    /// A sticker.
    Sticker,
    /// A changed display name.
    Member,
    /// What the application service itself sent, coming back.
    Echo,
}

/// What the target owes for an event that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A line of its own, exactly one.
    Line,
    /// At most one: the event changes another line, or was emptied before it was delivered.
    Maybe,
    /// None: it is our own, coming back.
    Nothing,
}

/// For each thousand events: 88 % text, as in customer conversations, and some of everything else.
const MIX: [(Kind, u32); 10] = [
    (Kind::Text, 880),
    (Kind::Html, 30),
    (Kind::Image, 15),
    (Kind::Reply, 20),
    (Kind::Thread, 10),
    (Kind::Edit, 10),
    (Kind::Reaction, 20),
    (Kind::Redaction, 5),
    (Kind::Sticker, 5),
    (Kind::Member, 5),
];

// === impl Kind ===

impl Kind {
    /// One kind, as often as it comes in the mix.
    pub(super) fn draw(rng: &mut SmallRng) -> Self {
        let mut at = rng.random_range(0..1000);
        for (kind, share) in MIX {
            if at < share {
                return kind;
            }
            at -= share;
        }
        Self::Text
    }

    /// What the target owes for it.
    #[must_use]
    pub fn due(self) -> Due {
        match self {
            Self::Text | Self::Html | Self::Image | Self::Reply | Self::Thread | Self::Sticker => Due::Line,
            Self::Edit | Self::Reaction | Self::Redaction | Self::Member => Due::Maybe,
            Self::Echo => Due::Nothing,
        }
    }

    /// Whether it needs an earlier message to refer to.
    pub(super) fn refers(self) -> bool {
        matches!(self, Self::Reply | Self::Thread | Self::Edit | Self::Reaction | Self::Redaction)
    }

    /// The Matrix event type.
    pub(super) fn event_type(self) -> &'static str {
        match self {
            Self::Reaction => "m.reaction",
            Self::Redaction => "m.room.redaction",
            Self::Sticker => "m.sticker",
            Self::Member => "m.room.member",
            _ => "m.room.message",
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_mix_is_whole_and_mostly_text() {
        assert_eq!(MIX.iter().map(|(_, share)| share).sum::<u32>(), 1000);
        let mut rng = SmallRng::seed_from_u64(1);
        let text = (0..10_000).filter(|_| Kind::draw(&mut rng) == Kind::Text).count();
        assert!((8600..9000).contains(&text), "{text}");
    }
}
