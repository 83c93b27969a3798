//! Puts what commits hold where it belongs: bodies into their files, everything else, and where each body lies, into the
//! database.

use super::bodies::files;
use super::bodies::writer::BodyWriter;
use super::database::entries;
use super::database::table::{Batch, Database};
use super::database::values;
use crate::storage::chain_store::StorageError;

/// Which bodies are appended to their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Append {
    /// All: they are new.
    All,
    /// Those that do not lie whole where the database says.
    Missing,
}

/// Puts payloads into the database and their bodies into files. The batch is applied whenever it is full.
pub(super) fn apply<'a>(
    database: &Database,
    bodies: &mut BodyWriter,
    batch: &mut Batch,
    payloads: impl Iterator<Item = &'a [u8]> + Clone,
    append: Append,
) -> Result<(), StorageError> {
    let torn = || database.damaged("a commit is not laid out as written".to_owned());
    let mut places = Vec::new();
    for entry in payloads.clone().flat_map(entries::entries) {
        let entry = entry.ok_or_else(torn)?;
        if let Some(id) = entries::body_named(&entry)
            && (append == Append::All || bodies.is_missing(database, id)?)
        {
            places.push((id, bodies.append(entry.bytes)?));
        }
    }
    // Before any place is known by which somebody could ask for them.
    bodies.write()?;
    for entry in payloads.flat_map(entries::entries) {
        let entry = entry.ok_or_else(torn)?;
        if entries::body_named(&entry).is_none() {
            values::put_sealed(database, batch, entry.key, entry.sealed)?;
        }
    }
    for (id, place) in places {
        files::put_place(database, batch, id, place)?;
    }
    Ok(())
}
