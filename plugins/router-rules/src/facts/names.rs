//! The contract's words as a condition spells them.

use patchbay_sdk::prelude::*;

pub(super) fn kind(content: &Content) -> &'static str {
    match content {
        Content::Post(_) => "post",
        Content::Location(_) => "location",
        Content::Reaction(_) => "reaction",
        Content::Edit(_) => "edit",
        Content::Removal(_) => "removal",
        Content::Membership(_) => "membership",
        Content::Unreadable(_) => "unreadable",
        Content::Other(_) => "other",
    }
}

pub(super) fn presence(content: &Content) -> &'static str {
    let Content::Membership(membership) = content else { return "" };
    match membership.presence {
        Presence::Joined => "joined",
        Presence::Left => "left",
        Presence::Invited => "invited",
        Presence::Banned => "banned",
    }
}

pub(super) fn party(party: Party) -> &'static str {
    match party {
        Party::Customer => "customer",
        Party::Agent => "agent",
        Party::Bot => "bot",
        Party::System => "system",
    }
}

pub(super) fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Customer => "customer",
        Audience::Staff => "staff",
    }
}

pub(super) fn status(status: TicketStatus) -> &'static str {
    match status {
        TicketStatus::Open => "open",
        TicketStatus::Pending => "pending",
        TicketStatus::Solved => "solved",
        TicketStatus::Closed => "closed",
    }
}

pub(super) fn media(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Voice => "voice",
        MediaKind::Video => "video",
        MediaKind::File => "file",
        MediaKind::Sticker => "sticker",
    }
}
