//! The generator and the checker against targets whose flaws are known.

#[cfg(test)]
mod flaws;
