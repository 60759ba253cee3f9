//! The thread on which components are prepared and compiled. Once anything serves it has the lowest priority, so that
//! serving threads are not disturbed; until then everybody waits for it. It is the one place where a panic of the tools is caught: a hostile component must not take the
//! host down.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Sender, channel},
    thread,
};

type Job = Box<dyn FnOnce() + Send>;

/// The thread; it ends with this.
pub(crate) struct Compiler {
    jobs: Sender<Job>,
}

/// The job gave nothing back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// It panicked.
    #[error("the component made the host's tools panic: {0}")]
    Panicked(String),
    /// The thread is gone.
    #[error("the compiler's thread is gone")]
    Gone,
}

// === impl Compiler ===

impl Compiler {
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let run = move || queue.into_iter().for_each(|job| job());
        thread::Builder::new().name("patchbay-compile".to_owned()).spawn(run)?;
        Ok(Self { jobs })
    }

    /// From now on the thread has the lowest priority.
    pub(crate) fn step_aside(&self) {
        let aside = || {
            // On Linux this is the thread's own nice value. Refused, it is merely not as nice.
            if let Err(error) = rustix::process::setpriority_process(None, 19) {
                tracing::debug!(%error, "components are compiled at normal priority");
            }
        };
        // Without the thread there is nothing to be disturbed by.
        let _ = self.jobs.send(Box::new(aside));
    }

    /// Waits its turn, runs `job` on the compiler's thread and brings back what it answers.
    ///
    /// # Errors
    /// When the job panicked.
    pub(crate) fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Lost> {
        let (answer, answered) = channel();
        let job: Job = Box::new(move || {
            let outcome =
                catch_unwind(AssertUnwindSafe(job)).map_err(|panic| Lost::Panicked(message(&*panic)));
            // Whoever asked waits for it.
            let _ = answer.send(outcome);
        });
        self.jobs.send(job).map_err(|_| Lost::Gone)?;
        answered.recv().map_err(|_| Lost::Gone)?
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_the_thread_goes_on() {
        let compiler = Compiler::start().unwrap();
        let lost = compiler.run(|| panic!("by a component")).unwrap_err();
        assert!(lost.to_string().contains("by a component"), "{lost}");
        assert_eq!(compiler.run(|| 7).unwrap(), 7);
    }
}
