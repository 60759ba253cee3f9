//! Files as far as the database knows them: where an action's were uploaded to, and people's pictures.

use patchbay_types::{AdapterName, Millis, RegistrationId, TenantId, UserId};

use crate::{error::StorageError, read::Columns, store::Store, writer::Statement};

/// A person's picture in a CRM, as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Whose CRM.
    pub tenant: TenantId,
    /// The CRM's adapter.
    pub adapter: AdapterName,
    /// The homeserver that it was uploaded to.
    pub registration: RegistrationId,
    /// The adapter's own handle of it.
    pub handle: String,
    /// Its address there.
    pub uri: String,
    /// When.
    pub at: Millis,
}

// === impl Store ===

impl Store {
    /// Keeps what became of a pending action's files: its payload as it is from now on.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn put_action_payload(&self, id: i64, payload: &str) -> Result<(), StorageError> {
        const PUT: &str = "UPDATE action_payloads SET payload = ? WHERE id = ? \
                           AND EXISTS (SELECT 1 FROM actions WHERE actions.id = action_payloads.id AND state = 0)";
        self.statements(vec![Statement::new(PUT, [payload.to_owned().into(), id.into()])]).await
    }

    /// Keeps a picture; one that was kept before stays.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn put_avatar(&self, avatar: Avatar) -> Result<(), StorageError> {
        const PUT: &str = "INSERT INTO avatars (tenant, adapter, registration, handle, uri, at) \
                           VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let (tenant, adapter) = (avatar.tenant.as_str().into(), avatar.adapter.as_str().into());
        let registration = avatar.registration.as_str().into();
        let values =
            [tenant, adapter, registration, avatar.handle.into(), avatar.uri.into(), avatar.at.into()];
        self.statements(vec![Statement::new(PUT, values)]).await
    }

    /// Where a picture was uploaded to, if it was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn avatar(
        &self,
        tenant: &TenantId,
        adapter: &AdapterName,
        registration: &RegistrationId,
        handle: &str,
    ) -> Result<Option<String>, StorageError> {
        const ONE: &str =
            "SELECT uri FROM avatars WHERE tenant = ? AND adapter = ? AND registration = ? AND handle = ?";
        let query = sqlx::query(ONE).bind(tenant.as_str()).bind(adapter.as_str());
        let query = query.bind(registration.as_str()).bind(handle);
        let row = query.fetch_optional(&self.inner.readers).await?;
        row.map(|row| Columns(&row).text(0)).transpose()
    }

    /// The picture that a ghost shows; none: it shows none, or is not there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ghost_avatar(
        &self,
        registration: &RegistrationId,
        user: &UserId,
    ) -> Result<Option<String>, StorageError> {
        const ONE: &str = "SELECT avatar FROM ghosts WHERE registration = ? AND user_id = ?";
        let query = sqlx::query(ONE).bind(registration.as_str()).bind(user.as_str());
        let row = query.fetch_optional(&self.inner.readers).await?;
        row.map_or(Ok(None), |row| Columns(&row).opt_text(0))
    }

    /// Remembers the picture that a ghost shows.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn put_ghost_avatar(
        &self,
        registration: &RegistrationId,
        user: &UserId,
        uri: &str,
    ) -> Result<(), StorageError> {
        const PUT: &str = "UPDATE ghosts SET avatar = ? WHERE registration = ? AND user_id = ?";
        let values = [uri.to_owned().into(), registration.as_str().into(), user.as_str().into()];
        self.statements(vec![Statement::new(PUT, values)]).await
    }
}
