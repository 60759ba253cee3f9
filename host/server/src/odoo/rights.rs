//! Whether the technical user can read what it works with, asked as that user: groups say what should be, and a record
//! rule of this company may say otherwise.

use serde_json::json;

use super::{
    report::{State, Step},
    session::Session,
    trouble::Trouble,
};

/// Looks at one record of each of `models` as the user that is logged in.
pub(super) async fn look(user: &Session, models: &[&str]) -> Result<Vec<Step>, Trouble> {
    let mut steps = Vec::new();
    for model in models {
        let what = format!("`{}` may read `{model}`", user.login());
        let found = user.rows(model, json!([["id", "<", 0]]), &["display_name"]).await;
        steps.push(match found {
            Ok(_) => Step::new(State::AsItWas, what),
            Err(Trouble::Forbidden { said, .. }) => Step::new(State::Missing, what).detail(said),
            Err(Trouble::Refused { said, .. }) => Step::new(State::Missing, what).detail(said),
            Err(trouble) => return Err(trouble),
        });
    }
    Ok(steps)
}
