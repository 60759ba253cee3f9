//! What a component was not granted, tried from a component through the whole host: it is refused, and the target sees
//! nothing. Each test ends with something that is granted and arrives, so that silence means something.

mod addresses;
mod framing;
mod places;
mod redirects;
mod secrets;
mod special;
mod spellings;
mod waiting;
mod wire;

use serde_json::Value;

use crate::{
    errands::{Told, told},
    house::House,
    played::Server,
};

/// Asks for all of these; each is denied with a reason that shows nothing of a path or a query, and none of the servers is
/// connected to.
async fn all_denied(house: &mut House, id: &str, errands: &[Value], unseen: &[&Server]) -> Vec<Told> {
    let before: Vec<usize> = unseen.iter().map(|server| server.connections()).collect();
    let told = told(house, id, errands).await;
    for (told, errand) in told.iter().zip(errands) {
        assert_eq!(told.answer, "denied", "{errand}: {told:?}");
        assert!(!told.detail.is_empty() && !told.detail.contains("s3cr3t"), "{errand}: {told:?}");
    }
    let after: Vec<usize> = unseen.iter().map(|server| server.connections()).collect();
    assert_eq!(before, after, "somebody was connected to");
    told
}

/// Asks for one that is answered.
async fn is_answered(house: &mut House, id: &str, errand: Value) -> Told {
    let told = told(house, id, &[errand]).await.remove(0);
    assert_eq!(told.answer, "200", "{told:?}");
    told
}
