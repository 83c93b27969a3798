//! What is said of an index that is not what was written.

use crate::storage::chain_store::StorageError;
use crate::storage::sled_store::database::schema::{self, Kind};
use crate::storage::sled_store::database::table::Database;

/// The error for an index that does not fit the chain; it will be rebuilt at the next start.
pub(super) fn damaged(database: &Database, cause: &str) -> StorageError {
    let marked = schema::put_one(database, Kind::IndexDamaged, &true);
    let next_step = match marked {
        Ok(()) => "Start the node again: it rebuilds the wallet index",
        Err(_) => "Start the node again with the wallet index rebuilt",
    };
    let cause = format!("the wallet index: {cause}");
    StorageError::Damaged { path: database.folder().to_owned(), cause, next_step: next_step.to_owned() }
}
