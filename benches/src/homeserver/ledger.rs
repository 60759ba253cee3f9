//! What the homeserver remembers of the application service's calls: its users, their devices, what was sent under
//! which transaction ID. The traps are Synapse's own.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::journal::MatrixSend;

/// What is remembered, and what waits to come back as an echo.
#[derive(Debug, Default)]
pub struct Ledger {
    users: HashSet<String>,
    devices: HashSet<(String, String)>,
    /// With a device: kept over a restart, by user and device.
    kept: HashMap<(String, String, String), String>,
    /// Without one: in memory, by path alone, whoever the user is.
    unkept: HashMap<String, String>,
    sends: Vec<MatrixSend>,
    echoes: VecDeque<Echo>,
    made: u64,
}

/// An event that the application service sent, on its way back to it.
#[derive(Debug, Clone)]
pub struct Echo {
    /// Its ID.
    pub event_id: String,
    /// Where.
    pub room: String,
    /// In whose name.
    pub sender: String,
    /// JSON text.
    pub content: String,
}

/// Under which transaction ID something was asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// `user_id`, or the bot.
    pub user: &'a str,
    /// `device_id`.
    pub device: Option<&'a str>,
    /// The path, transaction ID included.
    pub path: &'a str,
}

/// Why a call is refused: status, Matrix error code, sentence.
pub type Refusal = (u16, &'static str, &'static str);

// === impl Ledger ===

impl Ledger {
    /// Registers a ghost.
    ///
    /// # Errors
    /// When it is there already.
    pub fn register(&mut self, user: &str) -> Result<(), Refusal> {
        let new = self.users.insert(user.to_owned());
        if new { Ok(()) } else { Err((400, "M_USER_IN_USE", "User ID already taken.")) }
    }

    /// Creates or renames a device; true if it is new.
    pub fn device(&mut self, user: &str, device: &str) -> bool {
        self.devices.insert((user.to_owned(), device.to_owned()))
    }

    /// Whether `user` may be acted for, and has the device.
    ///
    /// # Errors
    /// When the user was not registered or the device not created.
    pub fn check(&self, user: &str, bot: &str, device: Option<&str>) -> Result<(), Refusal> {
        if user != bot && !self.users.contains(user) {
            return Err((403, "M_FORBIDDEN", "Application service has not registered this user"));
        }
        match device {
            Some(device) if !self.devices.contains(&(user.to_owned(), device.to_owned())) => {
                Err((400, "M_UNKNOWN_DEVICE", "Unknown device"))
            }
            _ => Ok(()),
        }
    }

    /// Sends an event, or answers the earlier one of the same transaction ID.
    pub fn send(&mut self, asked: &Asked<'_>, send: MatrixSend, content: String) -> String {
        if let Some(before) = self.earlier(asked) {
            return before;
        }
        self.made += 1;
        let event_id = format!("$echo{:039}", self.made);
        match asked.device {
            Some(device) => {
                let key = (asked.user.to_owned(), device.to_owned(), asked.path.to_owned());
                self.kept.insert(key, event_id.clone());
            }
            None => {
                self.unkept.insert(asked.path.to_owned(), event_id.clone());
            }
        }
        self.echoes.push_back(Echo {
            event_id: event_id.clone(),
            room: send.room.clone(),
            sender: send.sender.clone(),
            content,
        });
        self.sends.push(MatrixSend { event_id: event_id.clone(), ..send });
        event_id
    }

    /// As after a restart: what was kept in memory only is forgotten.
    pub fn restart(&mut self) {
        self.unkept.clear();
    }

    /// All that was sent so far.
    #[must_use]
    pub fn sends(&self) -> Vec<MatrixSend> {
        self.sends.clone()
    }

    /// The next echo that waits.
    pub fn next_echo(&mut self) -> Option<Echo> {
        self.echoes.pop_front()
    }

    fn earlier(&self, asked: &Asked<'_>) -> Option<String> {
        match asked.device {
            Some(device) => {
                let key = (asked.user.to_owned(), device.to_owned(), asked.path.to_owned());
                self.kept.get(&key).cloned()
            }
            None => self.unkept.get(asked.path).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(ledger: &mut Ledger, user: &str, device: Option<&str>) -> String {
        let sent = MatrixSend {
            event_id: String::new(),
            room: "!a".into(),
            sender: user.into(),
            event_type: "m.room.message".into(),
            text: None,
            at: 1,
        };
        ledger.send(&Asked { user, device, path: "/send/1" }, sent, "{}".into())
    }

    #[test]
    fn with_a_device_a_transaction_id_is_remembered_over_a_restart_for_each_user() {
        let mut ledger = Ledger::default();
        let first = send(&mut ledger, "@a:x", Some("D"));
        ledger.restart();
        assert_eq!(send(&mut ledger, "@a:x", Some("D")), first);
        assert_ne!(send(&mut ledger, "@b:x", Some("D")), first);
        assert_eq!(ledger.sends().len(), 2);
    }

    #[test]
    fn without_a_device_it_is_shared_by_all_users_and_forgotten_at_a_restart() {
        let mut ledger = Ledger::default();
        let first = send(&mut ledger, "@a:x", None);
        assert_eq!(send(&mut ledger, "@b:x", None), first);
        ledger.restart();
        assert_ne!(send(&mut ledger, "@a:x", None), first);
    }
}
