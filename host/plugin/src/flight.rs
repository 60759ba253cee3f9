//! One flight for each image: whoever wants what is just being made waits for it, and whoever wants what someone else
//! still holds gets that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use patchbay_types::Digest;

type Seat<T> = Arc<Mutex<Weak<T>>>;

/// What is being made or held, by name.
pub(crate) struct Flights<T> {
    seats: Mutex<HashMap<Digest, Seat<T>>>,
}

// === impl Flights ===

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { seats: Mutex::default() }
    }
}

impl<T> Flights<T> {
    /// What goes by this name, made by `make` unless it is there. Calls for the same name run one after another.
    ///
    /// # Errors
    /// Those of `make`; the next call tries again.
    pub(crate) fn join<E>(&self, name: Digest, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let seat = self.seat(name);
        let mut held = seat.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = held.upgrade() {
            return Ok(there);
        }
        let made = Arc::new(make()?);
        *held = Arc::downgrade(&made);
        Ok(made)
    }

    fn seat(&self, name: Digest) -> Seat<T> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        // A seat that only this map knows, and whose image nobody holds, is left over.
        seats.retain(|_, seat| {
            Arc::strong_count(seat) > 1 || seat.try_lock().is_ok_and(|held| held.strong_count() > 0)
        });
        Arc::clone(seats.entry(name).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicU32, Ordering},
        },
        thread,
    };

    use super::*;

    #[test]
    fn the_same_thing_is_made_once_at_a_time() {
        let flights = Flights::default();
        let made = AtomicU32::new(0);
        let barrier = Barrier::new(4);
        let join = || {
            barrier.wait();
            let held =
                flights.join(Digest::of(b"x"), || Ok::<_, ()>(made.fetch_add(1, Ordering::SeqCst))).unwrap();
            barrier.wait();
            *held
        };
        let numbers: Vec<u32> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(join)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(numbers, [0, 0, 0, 0]);
    }

    #[test]
    fn what_nobody_holds_is_made_again_and_failure_is_not_kept() {
        let flights = Flights::default();
        assert_eq!(flights.join(Digest::of(b"x"), || Err::<u8, _>("no")), Err("no"));
        let first = flights.join(Digest::of(b"x"), || Ok::<_, ()>(1)).unwrap();
        assert_eq!(*flights.join(Digest::of(b"x"), || Ok::<_, ()>(2)).unwrap(), 1);
        drop(first);
        assert_eq!(*flights.join(Digest::of(b"x"), || Ok::<_, ()>(3)).unwrap(), 3);
        drop(flights.join(Digest::of(b"y"), || Ok::<_, ()>(4)).unwrap());
        assert_eq!(flights.seats.lock().unwrap().len(), 1);
    }
}
