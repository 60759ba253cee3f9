//! People as CRMs know them.

use crate::{delivery::PersonRemote, error::StorageError, store::Store, writer::Statement};

// === impl Store ===

impl Store {
    /// Keeps a person's identifier in a CRM, or forgets it.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn know_person(&self, person: &PersonRemote) -> Result<(), StorageError> {
        const KNOW: &str = "INSERT INTO persons (tenant, adapter, person, remote) VALUES (?, ?, ?, ?) \
                            ON CONFLICT DO UPDATE SET remote = excluded.remote";
        const FORGET: &str = "DELETE FROM persons WHERE tenant = ? AND adapter = ? AND person = ?";
        let whose = [person.tenant.as_str(), person.adapter.as_str(), &person.person].map(Into::into);
        let statement = match &person.remote {
            Some(remote) => Statement::new(KNOW, whose.into_iter().chain([remote.as_str().into()])),
            None => Statement::new(FORGET, whose),
        };
        self.statements(vec![statement]).await
    }
}
