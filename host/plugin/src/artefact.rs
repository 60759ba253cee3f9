//! Turns a compiled artefact into code that runs: the one file with `unsafe`. wasmtime trusts an artefact as it trusts
//! itself, so nothing may come here that this host did not write.

use std::fs::File;

use wasmtime::{Engine, Result, component::Component};

/// The component that `file` holds. Its code pages are mapped from the file: shared, clean, and dropped by the kernel
/// when it needs the room.
///
/// Call it with a file of the cache whose authentication tag was just verified **through this same descriptor**.
///
/// # Errors
/// When the artefact is for another version or configuration of wasmtime.
pub(crate) fn load(engine: &Engine, file: &File) -> Result<Component> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;

        // wasmtime opens files by path; this path is the open file itself, whatever has happened to its name since.
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        // SAFETY: `deserialize_file` is sound for bytes that wasmtime's `serialize` made and that nobody changes while
        // they are mapped.
        // - Made by us: the cache appends HMAC-SHA-256 under a key that only this host has, over the entry's name and
        //   content, and hands out a descriptor only after it has checked them. No component, tenant or planted file
        //   can produce the tag.
        // - The same bytes: `/proc/self/fd/N` names the inode that was checked, so that neither a rename nor a symlink
        //   can slip in another.
        // - Unchanged: the cache never writes into a file that has its final name (it writes a temporary one and
        //   renames), and directory (0700) and file (0600) are the host user's alone. Whoever can write here anyway
        //   is that user, and could write into this process as well.
        // - Compatible: wasmtime checks version, target and settings, and refuses what does not match.
        #[expect(unsafe_code, reason = "see above")]
        unsafe {
            Component::deserialize_file(engine, path)
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        use std::{io::Read, io::Seek};

        let mut file = file;
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        // SAFETY: as above; the bytes are our own copy, so nobody can change them.
        #[expect(unsafe_code, reason = "see above")]
        unsafe {
            Component::deserialize(engine, bytes)
        }
    }
}
