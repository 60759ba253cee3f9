//! What a ghost says. Each event has a transaction ID that says why it is sent, so that a second attempt sends nothing
//! new.

use std::{collections::BTreeMap, io, time::Duration};

use bytes::Bytes;
use futures::stream::BoxStream;
use patchbay_types::{EventId, RoomId};
use ruma::{
    OwnedTransactionId,
    api::client::{
        message::send_message_event, receipt::create_receipt, redact::redact_event, state::send_state_event,
        typing::create_typing_event,
    },
    events::receipt::ReceiptThread,
    serde::Raw,
};
use serde_json::value::RawValue;

use super::{Intent, parsed, redaction};
use crate::{error::ClientError, txn::TxnId};

impl Intent {
    /// Sends a message event; `content` is a JSON object.
    ///
    /// # Errors
    /// `M_TOO_LARGE` over 64 KiB, `M_BAD_JSON` for a float in it; `UnknownDevice` where the device is gone; see
    /// [`ClientError`].
    pub async fn send(
        &self,
        room: &RoomId,
        kind: &str,
        content: &str,
        txn: &TxnId,
    ) -> Result<EventId, ClientError> {
        let request = send_message_event::v3::Request::new_raw(
            parsed("a room ID", room.as_str())?,
            OwnedTransactionId::from(txn.as_str()),
            kind.into(),
            object(content)?,
        );
        Ok(EventId::from(self.call(request).await?.event_id.as_str()))
    }

    /// Sets state; `content` is a JSON object. It has no transaction ID: the same state twice is one state.
    ///
    /// # Errors
    /// `Forbidden` where we have too little power; see [`ClientError`].
    pub async fn send_state(
        &self,
        room: &RoomId,
        kind: &str,
        state_key: &str,
        content: &str,
    ) -> Result<EventId, ClientError> {
        let room = parsed("a room ID", room.as_str())?;
        let request =
            send_state_event::v3::Request::new_raw(room, kind.into(), state_key.to_owned(), object(content)?);
        Ok(EventId::from(self.call(request).await?.event_id.as_str()))
    }

    /// Takes an event back; `extra` is one more field of the redaction's content.
    ///
    /// # Errors
    /// `Forbidden` where it is another's and we have too little power; see [`ClientError`].
    pub async fn redact(
        &self,
        room: &RoomId,
        event: &EventId,
        reason: Option<&str>,
        (field, value): (&str, &str),
        txn: &TxnId,
    ) -> Result<EventId, ClientError> {
        let mut content = BTreeMap::from([(field, value)]);
        content.extend(reason.map(|reason| ("reason", reason)));
        let request = redaction::Request {
            plain: redact_event::v3::Request::new(
                parsed("a room ID", room.as_str())?,
                parsed("an event ID", event.as_str())?,
                OwnedTransactionId::from(txn.as_str()),
            ),
            content: serde_json::to_vec(&content)
                .map_err(|error| ClientError::InvalidRequest(error.to_string()))?,
        };
        Ok(EventId::from(self.call(request).await?.event_id.as_str()))
    }

    /// Shows that the ghost's person has read up to this event.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn mark_read(&self, room: &RoomId, event: &EventId) -> Result<(), ClientError> {
        let mut request = create_receipt::v3::Request::new(
            parsed("a room ID", room.as_str())?,
            create_receipt::v3::ReceiptType::Read,
            parsed("an event ID", event.as_str())?,
        );
        request.thread = ReceiptThread::Unthreaded;
        self.call(request).await.map(drop)
    }

    /// Shows that the ghost's person is typing, for at most this time; none: no longer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_typing(&self, room: &RoomId, typing: Option<Duration>) -> Result<(), ClientError> {
        use create_typing_event::v3::{Request, Typing, TypingInfo};
        let state = typing.map_or(Typing::No, |timeout| Typing::Yes(TypingInfo::new(timeout)));
        let request = Request::new(self.user.clone(), parsed("a room ID", room.as_str())?, state);
        self.call(request).await.map(drop)
    }

    /// Uploads a file of this length; answers its `mxc://` address. Sent twice it is there twice: keep the address.
    ///
    /// # Errors
    /// `M_TOO_LARGE` over the homeserver's limit; see [`ClientError`].
    pub async fn upload(
        &self,
        file: (u64, BoxStream<'static, io::Result<Bytes>>),
        mime_type: &str,
        name: Option<&str>,
    ) -> Result<String, ClientError> {
        self.client.upload(self.user.as_str(), file, mime_type, name).await
    }
}

fn object<T>(content: &str) -> Result<Raw<T>, ClientError> {
    let invalid = || ClientError::InvalidRequest("its content is no JSON object".to_owned());
    let raw = RawValue::from_string(content.to_owned()).map_err(|_| invalid())?;
    if raw.get().starts_with('{') { Ok(Raw::from_json(raw)) } else { Err(invalid()) }
}
