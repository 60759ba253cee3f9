//! Whether what something was parked by is still in its place.

use patchbay_plugin::reload::ReloadStatus;

use super::Row;

/// A sentence for whoever replays before a better component serves, or while it is still being made ready.
pub(super) fn still_there(serving: &ReloadStatus, row: &Row) -> Option<String> {
    let (wanted, at_fault) = (row.slot.as_ref()?, row.component?);
    let tenant = serving.tenants.iter().find(|tenant| Some(&tenant.tenant) == row.tenant.as_ref())?;
    let slot = tenant.slots.iter().find(|slot| slot.slot == *wanted)?;
    (slot.serving.as_ref()?.digest == at_fault).then(|| {
        format!(
            "  note: {} still serves in `{wanted}`, which it was parked by; if nothing else was changed, it is parked again",
            at_fault.short()
        )
    })
}
