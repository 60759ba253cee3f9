//! What a header or a URL is made of: text and secrets, end to end.

use serde::{Serialize, Serializer};

use super::{
    body,
    contract::{Chunk, Piece},
};

/// A secret by its name. The host fills it in, for that secret's own hosts alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret(pub(super) String);

/// A secret of the tenant.
#[must_use]
pub fn secret(name: impl Into<String>) -> Secret {
    Secret(name.into())
}

/// Text and secrets, end to end. Text and a secret alone are values too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value(pub(super) Vec<Piece>);

/// The beginning of a value that goes on with [`Value::then`].
#[must_use]
pub fn text(text: impl Into<String>) -> Value {
    Value::from(text.into())
}

// === impl Value ===

impl Value {
    /// With `next` behind it.
    #[must_use]
    pub fn then(mut self, next: impl Into<Value>) -> Self {
        for piece in next.into().0 {
            push(&mut self.0, piece);
        }
        self
    }
}

/// Text behind text becomes one piece.
pub(super) fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(before)), Piece::Text(more)) => before.push_str(&more),
        (_, piece) => pieces.push(piece),
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(vec![Piece::Text(text)])
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        number.to_string().into()
    }
}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Self {
        Self(vec![Piece::Secret(secret.0)])
    }
}

/// A string in a JSON body, which the host fills in as it is: the secret must hold neither quotes nor line breaks.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        body::hole(Chunk::Secret(self.0.clone()), serializer)
    }
}
